//! Apache Kafka as it comes: broker and controller in one process, with its own start script, heap and defaults.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

const CLUSTER: &str = "benchbenchbenchbenchbA";

/// Writes the settings of a node that listens there, and formats its directory below `home`.
pub fn format(dist: &Path, home: &Path, listen: &str, controller: &str, settings: &[&str]) -> Result<()> {
    let properties = home.join("server.properties");
    let data = home.join("data");
    // What a node of one needs to be told, as the `config/server.properties` that Kafka comes with tells it.
    let text = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n\
         controller.quorum.voters=1@{controller}\nlisteners=PLAINTEXT://{listen},CONTROLLER://{controller}\n\
         advertised.listeners=PLAINTEXT://{listen}\nlog.dirs={}\noffsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n\
         share.coordinator.state.topic.replication.factor=1\nshare.coordinator.state.topic.min.isr=1\n{}\n",
        data.display(),
        settings.join("\n")
    );
    fs::write(&properties, text)?;
    let mut storage = Command::new(dist.join("bin/kafka-storage.sh"));
    storage.args(["format", "-t", CLUSTER, "-c"]).arg(&properties).env("LOG_DIR", home);
    let output = storage.output().with_context(|| format!("{} is no unpacked Apache Kafka", dist.display()))?;
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "Kafka cannot format {}: {}", data.display(), said());
    Ok(())
}

/// Its start script, which becomes the broker's process.
pub fn command(dist: &Path, home: &Path) -> Command {
    let mut command = Command::new(dist.join("bin/kafka-server-start.sh"));
    command.arg(home.join("server.properties")).env("LOG_DIR", home.join("logs"));
    command
}
