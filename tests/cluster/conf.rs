//! The files that a private Slurm reads (shared recipe: two nodes, no cgroups, nothing outside one folder).

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Both nodes, which are this machine.
pub const NODES: [&str; 2] = ["n1", "n2"];

const FOLDERS: [&str; 9] = [
    "state", "log", "run", "tmp.n1", "tmp.n2", "spool.n1", "spool.n2", "munge", "work",
];

/// `SLURM_CONF`.
pub fn file(root: &Path) -> PathBuf {
    root.join("slurm.conf")
}

/// Where munged listens.
pub fn socket(root: &Path) -> PathBuf {
    root.join("run/munge.sock")
}

/// Makes the folders, the key and both files in `root`.
pub fn write(root: &Path, ports: [u16; 3]) {
    for folder in FOLDERS {
        fs::create_dir_all(root.join(folder)).expect("made");
    }
    let mut key = [0; 1024];
    let mut random = fs::File::open("/dev/urandom").expect("/dev/urandom");
    random.read_exact(&mut key).expect("random bytes");
    let path = root.join("munge/key");
    fs::write(&path, key).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the owner's");
    let name = fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name");
    let host = name.trim().split('.').next().unwrap_or_default();
    fs::write(file(root), slurm(root, host, ports)).expect("written");
    fs::write(root.join("gres.conf"), GRES).expect("written");
}

const GRES: &str =
    "NodeName=n[1-2] Name=gpu Type=v100 File=/dev/null,/dev/zero,/dev/full,/dev/urandom\n";

fn slurm(root: &Path, host: &str, [control, first, second]: [u16; 3]) -> String {
    let r = root.display();
    // EnforcePartLimits: else jobs over a limit pend for ever. DefMemPerCPU: else a job takes a node's whole memory.
    format!(
        "\
ClusterName=t
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={r}/run/munge.sock
CredType=cred/munge
SlurmctldPort={control}
SlurmctldPidFile={r}/run/ctld.pid
SlurmdPidFile={r}/run/slurmd.%n.pid
SlurmctldLogFile={r}/log/ctld.log
SlurmdLogFile={r}/log/slurmd.%n.log
StateSaveLocation={r}/state
SlurmdSpoolDir={r}/spool.%n
TmpFS={r}/tmp.%n
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SlurmdParameters=config_overrides
EnforcePartLimits=ALL
DefMemPerCPU=2000
ReturnToService=2
KillWait=5
MinJobAge=3600
JobRequeue=1
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} {NODE}
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} {NODE}
PartitionName=gpu-shared Nodes=n[1-2] Default=YES MaxTime=48:00:00 MaxNodes=1 State=UP
PartitionName=gpu Nodes=n[1-2] MaxTime=48:00:00 MaxNodes=4 State=UP
"
    )
}

/// As Expanse's GPU nodes say they are.
const NODE: &str = "Boards=1 SocketsPerBoard=2 CoresPerSocket=20 ThreadsPerCore=1 RealMemory=380000 Gres=gpu:v100:4 State=UNKNOWN";
