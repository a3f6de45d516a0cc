//! What is a fault, and what becomes of it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use libfuzzer_sys::Corpus;
use rustix::time::{ClockId, clock_gettime};

use crate::target::{Answer, Target};

/// Longest time on the processor for one input.
const MAX_TIME: Duration = Duration::from_secs(2);

/// One input in so many is asked twice.
const TWICE: u32 = 8;

#[derive(Default)]
struct State {
    target: &'static str,
    /// Where faults are kept, if the fuzzer is to go on.
    folder: Option<PathBuf>,
    input: Vec<u8>,
    seen: HashSet<String>,
}

static STATE: OnceLock<Mutex<State>> = OnceLock::new();

fn with_state<T>(work: impl FnOnce(&mut State) -> T) -> T {
    let state = STATE.get_or_init(Mutex::default);
    work(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Panics are seen by this hook before anybody can catch them.
pub(crate) fn install(target: &'static str, folder: Option<&OsStr>) {
    with_state(|state| {
        state.target = target;
        state.folder = folder
            .map(OsStr::to_owned)
            .or_else(|| std::env::var_os("CLIPSIGHT_FUZZ_GO_ON"))
            .map(PathBuf::from);
    });
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |place| {
            let path = Path::new(place.file());
            let parts: Vec<_> =
                path.iter().rev().take(3).map(|part| part.to_string_lossy()).collect();
            format!("{}:{}", parts.into_iter().rev().collect::<Vec<_>>().join("/"), place.line())
        });
        let said = info.payload_as_str().unwrap_or("no message");
        report(&format!("panic at {place}"), said);
    }));
}

/// Ends the fuzzer, which then keeps the input; or keeps it itself and returns.
fn report(what: &str, more: &str) {
    let go_on = with_state(|state| {
        let Some(folder) = &state.folder else {
            eprintln!("FAULT in {}: {what}: {more}", state.target);
            return false;
        };
        if state.seen.insert(what.to_owned()) {
            let name: String =
                what.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            let path = folder.join(format!("{}-{name}", state.target));
            eprintln!("FAULT in {}: {what}: {more}; kept as {}", state.target, path.display());
            if let Err(error) = std::fs::write(&path, &state.input) {
                eprintln!("{} cannot be written: {error}", path.display());
            }
        }
        true
    });
    if !go_on {
        // libFuzzer writes the input down when the process aborts.
        std::process::abort();
    }
}

/// A panic that was caught where the hook does not see it: ours is a fault; that of a decoder which
/// others keep is not, but is told once.
pub(crate) fn note(place: &str, ours: bool) {
    if ours {
        report(&format!("panic at {place}"), "");
    } else if with_state(|state| state.seen.insert(place.to_owned())) {
        eprintln!("NOTE: caught panic at {place}");
    }
}

/// Time of this thread on the processor.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// What an input is answered with, what it took of memory and of time.
fn ask(target: &Target, bytes: &[u8]) -> (Answer, u64, Duration) {
    let mut answer = Answer::Unread;
    let begun = now();
    let memory = allocation_counter::measure(|| {
        // The hook has reported it.
        let work = AssertUnwindSafe(|| (target.run)(bytes));
        answer = catch_unwind(work).unwrap_or(Answer::Unread);
    });
    (answer, memory.bytes_max, now() - begun)
}

/// Runs the target on an input.
pub(crate) fn judge(target: &Target, bytes: &[u8]) -> Corpus {
    with_state(|state| {
        state.input.clear();
        state.input.extend_from_slice(bytes);
    });
    let (answer, memory, time) = ask(target, bytes);
    if memory > target.max_memory {
        report("too much memory", &format!("{memory} bytes of {}", target.max_memory));
    }
    if time > MAX_TIME {
        report("too slow", &format!("{time:?}"));
    }
    if crc32fast::hash(bytes).is_multiple_of(TWICE) && ask(target, bytes).0 != answer {
        report("two answers", &format!("{answer:?}"));
    }
    match answer {
        Answer::Wrong(why) => {
            report(&format!("wrong answer: {why}"), "");
            Corpus::Keep
        }
        Answer::Foreign => Corpus::Reject,
        Answer::Unread | Answer::Read(_) => Corpus::Keep,
    }
}
