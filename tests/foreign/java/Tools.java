import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Kafka's command line tools, one after the other in one JVM, for a start of a JVM takes longer than most of them. Each
 * line of stdin is a job `{"class", "args", "stdin"}`, each answer a line `{"status", "stdout", "stderr"}`.
 */
public final class Tools {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Ends a tool that leaves the process. */
    private static final class Left extends Error {
        private static final long serialVersionUID = 1;

        Left() {
            super(null, null, false, false);
        }
    }

    /** The first status of the tool that runs: some catch what ends them and leave again. */
    private static Integer left;

    public static void main(String[] ignored) throws Exception {
        PrintStream out = System.out;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Exit.setExitProcedure((status, message) -> leave(status));
        Exit.setHaltProcedure((status, message) -> leave(status));
        // Hooks run at the end of a tool, not of this process.
        List<Runnable> hooks = new ArrayList<>();
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(JSON.writeValueAsString(run(JSON.readTree(line), hooks)));
            out.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private static void leave(int status) {
        left = left == null ? status : left;
        throw new Left();
    }

    private static ObjectNode run(JsonNode job, List<Runnable> hooks) throws Exception {
        ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        ByteArrayOutputStream stderr = new ByteArrayOutputStream();
        System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
        System.setIn(new ByteArrayInputStream(job.path("stdin").asText("").getBytes(StandardCharsets.UTF_8)));
        int status = status(job.get("class").asText(), JSON.convertValue(job.get("args"), String[].class));
        hooks.forEach(Runnable::run);
        hooks.clear();
        return JSON.createObjectNode()
            .put("status", status)
            .put("stdout", stdout.toString(StandardCharsets.UTF_8))
            .put("stderr", stderr.toString(StandardCharsets.UTF_8));
    }

    private static int status(String tool, String[] args) throws Exception {
        left = null;
        try {
            Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) args);
            return left == null ? 0 : left;
        } catch (InvocationTargetException ended) {
            if (left != null) {
                return left;
            }
            ended.getCause().printStackTrace();
            return 1;
        }
    }
}
