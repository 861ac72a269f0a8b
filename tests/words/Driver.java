import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Apache Kafka's command line tools one after the other in one JVM, because starting one JVM for each takes a second
 * of processor time.
 *
 * A command comes on stdin as a frame: the number of arguments, the arguments (the first is the tool's class), and what the
 * tool is to read from its own stdin. The answer goes to stdout: the exit code, what the tool wrote to stdout, and to stderr.
 * Texts are four bytes of size and UTF-8.
 */
public final class Driver {
    private static final int HANGS = 124;
    /** Instead of an exit code: it is that of this process, which ends. */
    private static final int LEFT = -1;
    private static final long PATIENCE_SECONDS = 90;

    /** The process: what a tool left behind when it exited. */
    private static final class Run {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final List<Runnable> hooks = new ArrayList<>();
        final CountDownLatch ended = new CountDownLatch(1);
        int status;
        boolean exited;

        synchronized void exit(int code) {
            if (!exited) {
                exited = true;
                status = code;
                ended.countDown();
            }
        }
    }

    private static volatile Run current = new Run();

    /** The run whose tool started the thread: what a hook of an earlier tool says when the JVM ends is not this one's. */
    private static final InheritableThreadLocal<Run> OWN = new InheritableThreadLocal<>();

    /** Writes to the streams of the tool that runs now: libraries keep the System.out that they saw first. */
    private static final class Now extends OutputStream {
        private final boolean error;

        Now(boolean error) {
            this.error = error;
        }

        private OutputStream target() {
            Run own = OWN.get();
            Run run = own == null ? current : own;
            return error ? run.err : run.out;
        }

        @Override
        public void write(int b) throws IOException {
            target().write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            target().write(bytes, offset, length);
        }
    }

    public static void main(String[] arguments) throws Exception {
        DataInputStream commands = new DataInputStream(System.in);
        DataOutputStream answers = new DataOutputStream(System.out);
        System.setOut(new PrintStream(new Now(false), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new Now(true), true, StandardCharsets.UTF_8));
        // A process that exits runs nothing more; here its thread stops for good.
        Exit.setExitProcedure((status, message) -> leave(status));
        Exit.setHaltProcedure((status, message) -> leave(status));
        Exit.setShutdownHookAdder((name, hook) -> current.hooks.add(hook));
        // Some tools leave by System.exit, and nothing keeps a JVM then: its last words are what the tool wrote.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> lastWords(answers)));
        while (true) {
            List<String> command = new ArrayList<>();
            String input;
            try {
                int count = commands.readInt();
                for (int i = 0; i < count; i++) {
                    command.add(text(commands));
                }
                input = text(commands);
            } catch (EOFException end) {
                Runtime.getRuntime().halt(0);
                return;
            }
            Run run = run(command, input);
            answer(answers, run.status, run);
        }
    }

    private static void lastWords(DataOutputStream answers) {
        Run run = current;
        if (!run.exited) {
            try {
                answer(answers, LEFT, run);
            } catch (IOException nobodyListens) {
                // The other side has gone.
            }
        }
    }

    private static void answer(DataOutputStream answers, int status, Run run) throws IOException {
        answers.writeInt(status);
        bytes(answers, run.out.toByteArray());
        bytes(answers, run.err.toByteArray());
        answers.flush();
    }

    private static Run run(List<String> command, String input) throws Exception {
        Run run = new Run();
        current = run;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        Thread tool = new Thread(() -> runTool(run, command), "tool");
        tool.setDaemon(true);
        tool.start();
        if (!run.ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            run.exit(HANGS);
            for (StackTraceElement frame : tool.getStackTrace()) {
                System.err.println("hangs at " + frame);
            }
        }
        for (Runnable hook : new ArrayList<>(run.hooks)) {
            Thread thread = new Thread(hook, "hook");
            thread.setDaemon(true);
            thread.start();
            thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        }
        awaitProducers();
        return run;
    }

    /** A tool that ends while its producer still tells of what it sent would tell it to the next one. */
    private static void awaitProducers() throws InterruptedException {
        Thread[] threads = new Thread[Thread.activeCount() + 16];
        int count = Thread.enumerate(threads);
        for (int i = 0; i < count; i++) {
            if (threads[i].getName().startsWith("kafka-producer-network-thread")) {
                threads[i].join(TimeUnit.SECONDS.toMillis(3));
            }
        }
    }

    private static void runTool(Run run, List<String> command) {
        OWN.set(run);
        try {
            String[] arguments = command.subList(1, command.size()).toArray(new String[0]);
            Class.forName(command.get(0)).getMethod("main", String[].class).invoke(null, (Object) arguments);
            run.exit(0);
        } catch (InvocationTargetException thrown) {
            System.err.println("Exception in thread \"main\" " + thrown.getCause());
            run.exit(1);
        } catch (Throwable thrown) {
            System.err.println("no such tool: " + thrown);
            run.exit(HANGS + 3);
        }
    }

    private static void leave(int status) {
        current.exit(status);
        while (true) {
            try {
                Thread.sleep(Long.MAX_VALUE);
            } catch (InterruptedException again) {
                // Nothing of an exited process goes on.
            }
        }
    }

    private static String text(DataInputStream from) throws IOException {
        return new String(from.readNBytes(from.readInt()), StandardCharsets.UTF_8);
    }

    private static void bytes(DataOutputStream to, byte[] bytes) throws IOException {
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    private Driver() {
    }
}
