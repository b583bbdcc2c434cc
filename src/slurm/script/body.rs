//! The parts of a script that are the same everywhere, as bash reads them.

/// What Slurm says, and what the user may say, is used only when it looks as it should.
pub const CHECKS: &str = r#"# A variable is used only when it looks as it should.
expect() {
    local LC_ALL=C value=${!1-}
    [[ $value =~ ^$2$ ]] && return
    printf 'ablate: %s is missing or not as it should be\n' "$1" >&2
    exit 2
}
expect SLURM_JOB_ID '[0-9]{1,19}'
expect SLURM_NTASKS '[0-9]{1,6}'
expect SLURM_CPUS_PER_TASK '[0-9]{1,6}'
expect SLURM_SUBMIT_DIR '/[A-Za-z0-9._/@+,=-]{0,1023}'
[[ -z ${SLURM_RESTART_COUNT-} ]] || expect SLURM_RESTART_COUNT '[0-9]{1,9}'
cd -- "$SLURM_SUBMIT_DIR" || exit 4
"#;

/// Where things are, for a script that is called by hand.
pub const NAMED: &str = r#"ablate=${ABLATE:-ablate}
if [[ -z ${ABLATE-} && -x target/release/ablate ]]; then
    ablate=target/release/ablate
fi
folder=$("$ablate" slurm folder --results "$results" -- "$yaml") || exit $?
mkdir -p -- "$folder/logs" || exit 4
echo "ablate: goes on in $folder/logs/slurm-$SLURM_JOB_ID.out"
exec >>"$folder/logs/slurm-$SLURM_JOB_ID.out" 2>&1
"#;

/// As many trials at a time as there are cores for.
pub const ON_CORES: &str = r#"workers=$((10#$SLURM_CPUS_PER_TASK / threads))
((workers >= 1)) || workers=1
train=(--device cpu --workers "$workers")
"#;

/// `$scratch` is the node's own disk. The service is a help and never a condition: where it does not start, that is said, and the job
/// goes on. Its pipe and logs are in a folder of this job's alone. It is told to stop when the ranks are gone, and whatever else
/// ends the script (SIGKILL takes the whole job).
pub const MPS: &str = r#"
# NVIDIA's Multi-Process Service lets the workers of one GPU compute at the same time. Where it is not installed or does not
# start, the job goes on without it.
mps=''
stop_mps() {
    [[ -n $mps ]] || return 0
    echo quit | timeout 10 nvidia-cuda-mps-control >/dev/null 2>&1 ||
        echo 'ablate: MPS did not stop when it was told to' >&2
    rm -rf -- "$mps"
    mps=''
}
trap stop_mps EXIT
start_mps() {
    if ! command -v nvidia-cuda-mps-control >/dev/null; then
        echo 'ablate: MPS was asked for, but there is no nvidia-cuda-mps-control here: the job goes on without it' >&2
        return 0
    fi
    [[ -d $scratch && -w $scratch ]] || scratch=${TMPDIR:-/tmp}
    if ! mps=$(mktemp -d -- "$scratch/ablate-mps.XXXXXX"); then
        mps=''
        echo "ablate: no folder for MPS in $scratch: the job goes on without it" >&2
        return 0
    fi
    export CUDA_MPS_PIPE_DIRECTORY="$mps/pipe" CUDA_MPS_LOG_DIRECTORY="$mps/log"
    if mkdir -- "$mps/pipe" "$mps/log" && nvidia-cuda-mps-control -d >/dev/null 2>&1; then
        echo "ablate: MPS runs, with its pipe in $mps"
    else
        echo 'ablate: MPS does not start: the job goes on without it' >&2
        unset CUDA_MPS_PIPE_DIRECTORY CUDA_MPS_LOG_DIRECTORY
        rm -rf -- "$mps"
        mps=''
    fi
}
start_mps

"#;

/// Of a job of several nodes, this script runs on the first one only.
pub const MPS_OF_SEVERAL: &str = r#"echo 'ablate: MPS is started in jobs of one node only; this one goes on without it'
"#;

/// The ranks are gone.
pub const END_MPS: &str = "stop_mps\n";

/// A follow-up ends when nothing is left, and else queues the next one before it trains.
pub const FOLLOW: &str = r#""$ablate" status "$folder" --exit-code
code=$?
((code == 75)) || exit "$code"
"$ablate" slurm follow-up "$submitted" || exit $?
"#;

/// Open MPI 4.1 sleeps `odls_base_sigkill_timeout` twice whenever a rank ends with another code than 0, is lost, or mpirun gets TERM,
/// even when all ranks are gone (measured): 30 would cost a minute, 10 ends within the 30 seconds that a lost rank may take.
pub const LAUNCH: &str = r#"case $launcher in
mpirun) launch=(mpirun -n "$SLURM_NTASKS" --bind-to none --mca odls_base_sigkill_timeout 10) ;;
srun) launch=(srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK") ;;
none) launch=() ;;
*)
    echo 'ablate: ABLATE_LAUNCHER is mpirun, srun or none' >&2
    exit 2
    ;;
esac

# USR1 (time is nearly up) and TERM (preempted) tell the ranks to save and leave: as USR1, once, because mpirun kills ranks on
# TERM. A trap runs only between commands in the foreground, so the launcher is in the background, and waited for until it is
# really gone.
child='' came='' told=''
tell() {
    [[ -n $child && -n $came && -z $told ]] || return
    told=yes
    kill -s USR1 "$child" 2>/dev/null
}
trap 'came+=" USR1"; tell' USR1
trap 'came+=" TERM"; tell' TERM
"${launch[@]}" "$ablate" run --results "$results" "${train[@]}" --threads "$threads" --no-wait -- "$yaml" &
child=$!
tell
while kill -0 "$child" 2>/dev/null; do
    wait "$child"
done
"#;

/// How it went.
pub const ANSWER: &str = r#"
# The launcher's code says nothing; the folder does: 0 finished, 1 finished with failed trials, 75 more to do.
"$ablate" status "$folder" --exit-code
code=$?
"#;

/// Only when time was up: who was cancelled stays so, who was preempted is queued by Slurm, and who failed would fail again.
pub const AGAIN: &str = r#"if [[ $code == 75 && $came == *USR1* && $came != *TERM* ]]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
"#;
