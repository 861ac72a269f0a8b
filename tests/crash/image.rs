//! A filesystem of its own for a broker: an ext4 in a file on a loop device, which can lose power or fill up.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// `EXT4_IOC_SHUTDOWN` without writing the journal: what was not synced is gone, and every write fails from then on.
const SHUTDOWN: &str = "sysopen(my $dir, $ARGV[0], 0200000) or die $!; my $how = pack('L', 2); $| = 1; print \"ready\\n\"; <STDIN>; \
     ioctl($dir, 0x8004587d, $how) or die $!;";

/// A mounted filesystem. Dropping it unmounts it and frees the loop device, also in a test that failed.
pub struct Image {
    device: Option<String>,
    mounted: bool,
    /// The image and the mount point; removed last.
    home: TempDir,
}

impl Image {
    /// Makes and mounts a filesystem of so many bytes. The error is the reason why this machine cannot.
    pub fn mount(bytes: u64) -> Result<Image, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("not root".to_owned());
        }
        let home = tempfile::Builder::new().prefix("ottla-image-").tempdir().map_err(|error| error.to_string())?;
        let mut image = Image { device: None, mounted: false, home };
        let file = image.home.path().join("image");
        File::create(&file).and_then(|file| file.set_len(bytes)).map_err(|error| error.to_string())?;
        std::fs::create_dir(image.mount_point()).map_err(|error| error.to_string())?;
        run("perl", &["-e", "exit 0"])?;
        run("mkfs.ext4", &["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", path(&file)])?;
        image.device = Some(run("losetup", &["--find", "--show", path(&file)])?.trim().to_owned());
        image.mount_again()?;
        Ok(image)
    }

    /// Where its files are.
    pub fn mount_point(&self) -> PathBuf {
        self.home.path().join("mnt")
    }

    /// Takes the power away, right after `note`. The broker may still run; nothing that it writes arrives.
    pub fn cut_power(&self, note: impl FnOnce()) {
        let mut perl = Command::new("perl")
            .args(["-e", SHUTDOWN, path(&self.mount_point())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("perl is there");
        let mut ready = [0; 6];
        perl.stdout.take().expect("piped").read_exact(&mut ready).expect("the filesystem is mounted");
        note();
        perl.stdin.take().expect("piped").write_all(b"now\n").expect("perl waits");
        assert!(perl.wait().expect("perl ends").success(), "ext4 can be shut down");
    }

    /// Unmounts and mounts, which replays the journal, as the next boot would. No process may have files open here.
    pub fn reboot(&mut self) {
        self.unmount().expect("nothing is open on it");
        self.mount_again().expect("what was a filesystem still is one");
    }

    fn mount_again(&mut self) -> Result<(), String> {
        let device = self.device.clone().expect("a device was made");
        run("mount", &["-t", "ext4", &device, path(&self.mount_point())])?;
        self.mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<(), String> {
        run("umount", &[path(&self.mount_point())])?;
        self.mounted = false;
        Ok(())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if self.mounted && self.unmount().is_err() {
            let _ = run("umount", &["--lazy", path(&self.mount_point())]);
        }
        if let Some(device) = &self.device {
            let _ = run("losetup", &["--detach", device]);
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of temporary files are UTF-8")
}

/// What it wrote to stdout; the error says what went wrong.
fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let Output { status, stdout, stderr } =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    } else {
        Err(format!("{program}: {}", String::from_utf8_lossy(&stderr).trim()))
    }
}
