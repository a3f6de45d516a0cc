//! The last net: a decoder that panics ends the file, not the program, and prints nothing.
//!
//! heic-decoder and jxl unwind, which is caught. rav1d cannot: its interface is C's, and a panic
//! that reaches it ends the process; one of its own threads that panics is waited for without end.
//! So it runs on a thread of its own, one file at a time, and a panic there or on its threads stops
//! them for ever, with what they hold, before they unwind; that is what a hook is for. Whoever
//! changes the hook after such a panic waits for ever: a program sets its own at its start.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

use crate::error::{Error, Result};

/// Decoders have more on their stack than a thread has by default.
const STACK_BYTES: usize = 8 << 20;

/// What a panic on this thread does.
enum Net {
    /// It unwinds, without a word.
    Catch,
    /// It tells this receiver, and the thread stands still.
    Stop(Sender<Box<dyn Any + Send>>),
}

thread_local! {
    static NET: RefCell<Option<Net>> = const { RefCell::new(None) };
}

/// Names of the threads that rav1d starts begin so.
const RAV1D: &str = "rav1d-worker-";

/// Who waits for rav1d.
static WAITING: Mutex<Option<Sender<Box<dyn Any + Send>>>> = Mutex::new(None);

/// Where the last panic that was caught here happened: crate and line, for reports about decoders.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Where the last panic happened that a file caused: for fuzzing.
#[doc(hidden)]
#[must_use]
pub fn last_panic() -> Option<String> {
    LAST.lock().ok()?.take()
}

/// Runs a decoder whose panics unwind.
pub(crate) fn catch<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    install();
    let outer = NET.replace(Some(Net::Catch));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    NET.set(outer);
    result.unwrap_or_else(|_| Err(damaged()))
}

/// Runs a decoder whose panics must not unwind.
pub(crate) fn stop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    static TURN: Mutex<()> = Mutex::new(());
    install();
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (sender, receiver) = channel::<Box<dyn Any + Send>>();
    *WAITING.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender.clone());
    let run = move || {
        NET.set(Some(Net::Stop(sender.clone())));
        let result = work();
        NET.set(None);
        // The receiver waits for it.
        let _ = sender.send(Box::new(result));
    };
    let builder = thread::Builder::new().name("clipsight-decoder".into()).stack_size(STACK_BYTES);
    builder
        .spawn(run)
        .map_err(|_| Error::limit("there is no thread left to decode the image on"))?;
    match receiver.recv().map(|result| result.downcast::<Result<T>>()) {
        Ok(Ok(result)) => *result,
        _ => Err(damaged()),
    }
}

fn damaged() -> Error {
    Error::decode("the image is damaged in a way its decoder cannot handle")
}

/// The hook, before whichever there is.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            match NET.try_with(RefCell::take) {
                Ok(Some(net)) => fall(net, info),
                _ if thread::current().name().is_some_and(|name| name.starts_with(RAV1D)) => {
                    let waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner).take();
                    match waiting {
                        Some(sender) => fall(Net::Stop(sender), info),
                        None => stand_still(),
                    }
                }
                _ => before(info),
            };
        }));
    });
}

fn fall(net: Net, info: &PanicHookInfo<'_>) {
    if let (Ok(mut last), Some(place)) = (LAST.lock(), info.location()) {
        let file = place.file();
        let short = file.split_once("/registry/src/").map_or(file, |(_, rest)| rest);
        *last = Some(format!("{short}:{}", place.line()));
    }
    match net {
        Net::Catch => NET.set(Some(Net::Catch)),
        Net::Stop(sender) => {
            let _ = sender.send(Box::new(()));
            stand_still()
        }
    }
}

fn stand_still() -> ! {
    loop {
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, exit};

    use super::*;

    #[allow(clippy::panic)]
    fn broken() -> Result<u8> {
        panic!("as a decoder might")
    }

    extern "C" fn as_of_c() {
        let _ = broken();
    }

    #[test]
    fn panics_are_the_files_fault() {
        assert_eq!(catch(broken), Err(damaged()));
        assert!(last_panic().is_some_and(|place| place.contains("net.rs")));
        assert_eq!(catch(|| Ok(3)), Ok(3));
        assert_eq!(stop(|| Ok(2)), Ok(2));
    }

    #[test]
    fn panics_that_cannot_unwind_are_too() {
        // The harness takes hooks away at its end, which would wait for the thread that stands.
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "net::tests::in_a_process_of_its_own", "--ignored"])
            .status();
        assert_eq!(status.unwrap().code(), Some(7));
    }

    #[test]
    #[ignore = "run by the test above"]
    fn in_a_process_of_its_own() {
        let stopped = stop(|| {
            as_of_c(); // would end the process
            Ok(1)
        });
        assert_eq!(stopped, Err(damaged()));
        let worker = thread::Builder::new().name(format!("{RAV1D}0"));
        let stopped = stop(move || {
            let worker = worker.spawn(|| as_of_c()).map_err(|_| damaged())?;
            worker.join().map(|()| 1).map_err(|_| damaged()) // waits for ever
        });
        assert_eq!(stopped, Err(damaged()));
        assert_eq!(stop(|| Ok(2)), Ok(2));
        exit(7);
    }
}
