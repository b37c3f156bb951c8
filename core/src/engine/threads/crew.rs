//! Threads that stay near between short pieces of work, since waking one takes longer than a small
//! network's prediction.
//!
//! A caller outside of rayon's pool leads: it works itself from the first moment, and never waits
//! for a thread to come. Threads of the pool that came stay for a moment, look for the next piece
//! of work, and let the pool's other work pass before them. One caller at a time has them; others
//! do without.

use super::{Word, in_pool, wait};
use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// How long a thread stays after its last work, if nobody else wants its processor.
const STAY: Duration = Duration::from_millis(1);

/// Threads are called for short work only if the last was led so little before: when the next comes
/// they are here.
const SOON: Duration = STAY;

/// How often a thread that stays looks for work before it lets others pass.
const LOOKS: usize = 1 << 8;

/// A gate's parts: threads inside, threads that may still come in, and how often it was opened.
const INSIDE: usize = 1;
const ROOM: usize = 1 << 10;
const NUMBER: usize = 1 << 20;

static CREW: Crew = Crew {
    led: Mutex::new(None),
    wanted: AtomicUsize::new(0),
    members: AtomicUsize::new(0),
    here: AtomicUsize::new(0),
    gate: Word(AtomicUsize::new(0)),
    task: AtomicPtr::new(std::ptr::null_mut()),
    failed: AtomicBool::new(false),
};

thread_local! {
    /// Whether this thread leads, and is not inside of a piece of work.
    static LEADS: Cell<bool> = const { Cell::new(false) };
}

struct Crew {
    /// Who leads holds it. When that ended last.
    led: Mutex<Option<Instant>>,
    /// How many threads should be here, and how many are here or on their way.
    wanted: AtomicUsize,
    members: AtomicUsize,
    /// Those that have come.
    here: AtomicUsize,
    gate: Word,
    /// What to do inside the gate.
    task: AtomicPtr<Task<'static>>,
    /// Whether a thread panicked inside.
    failed: AtomicBool,
}

struct Task<'a>(&'a (dyn Fn() + Sync));

/// As long as it is there, [`run`] on this thread has others to help.
pub(crate) struct Lead {
    led: MutexGuard<'static, Option<Instant>>,
}

/// Leads up to `threads - 1` threads of rayon's global pool; `None` from a thread of a pool, which
/// has the others near, and while somebody else leads. For work that is not `long`, threads come
/// only if there was some a moment ago.
pub(crate) fn lead(threads: usize, long: bool) -> Option<Lead> {
    if threads <= 1 || LEADS.get() || in_pool() {
        return None;
    }
    let helpers = threads.min(rayon::current_num_threads()).min(ROOM) - 1;
    if helpers == 0 {
        return None;
    }
    let led = match CREW.led.try_lock() {
        Ok(led) => led,
        Err(TryLockError::Poisoned(led)) => led.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    let called = long || led.is_some_and(|ended| ended.elapsed() < SOON);
    CREW.wanted.store(if called { helpers } else { 0 }, Ordering::Relaxed);
    CREW.recruit();
    LEADS.set(true);
    Some(Lead { led })
}

impl Drop for Lead {
    fn drop(&mut self) {
        LEADS.set(false);
        *self.led = Some(Instant::now());
    }
}

/// Whether this thread leads.
pub(super) fn leads() -> bool {
    LEADS.get()
}

/// Threads that have come to help.
pub(super) fn here() -> usize {
    CREW.here.load(Ordering::Relaxed)
}

/// Runs `mine`; until it is done, up to `helpers` other threads run `theirs`, or none. Only `mine`,
/// if this thread does not lead.
///
/// # Panics
/// If `theirs` does.
pub(super) fn run(helpers: usize, mine: impl FnOnce(), theirs: &(dyn Fn() + Sync)) {
    if !LEADS.replace(false) {
        return mine();
    }
    let task = Task(theirs);
    let open = Open::of(&task, helpers);
    mine();
    drop(open);
    assert!(!CREW.failed.load(Ordering::Relaxed), "a thread that helped has panicked");
}

/// An open gate.
struct Open<'a>(PhantomData<&'a Task<'a>>);

impl<'a> Open<'a> {
    /// Only a leader opens, and it has no other open.
    fn of(task: &'a Task<'a>, helpers: usize) -> Self {
        CREW.task.store(std::ptr::from_ref(task).cast_mut().cast(), Ordering::Relaxed);
        CREW.failed.store(false, Ordering::Relaxed);
        let number = (CREW.gate.get() / NUMBER).wrapping_add(1);
        CREW.gate.set(number.wrapping_mul(NUMBER) + helpers.min(ROOM - 1) * ROOM);
        Open(PhantomData)
    }
}

impl Drop for Open<'_> {
    /// Lets nobody in any more, and waits for those inside: they use what this borrows.
    fn drop(&mut self) {
        CREW.gate.0.fetch_and(!(NUMBER - ROOM), Ordering::Acquire);
        wait(|| CREW.gate.get().is_multiple_of(ROOM));
        LEADS.set(true);
    }
}

/// A thread inside of the gate.
struct Inside(&'static Crew);

impl Inside {
    /// A panic goes to who leads.
    fn work(self) {
        // SAFETY: the gate was open when this thread came in, which made the task seen that its
        // leader had stored before, and which ends only when this thread has left: see `Open`.
        let task = unsafe { &*self.0.task.load(Ordering::Relaxed) };
        if catch_unwind(AssertUnwindSafe(task.0)).is_err() {
            self.0.failed.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.gate.0.fetch_sub(INSIDE, Ordering::Release);
    }
}

impl Crew {
    /// Calls for one more thread if more are wanted than are here.
    fn recruit(&'static self) {
        let wanted = self.wanted.load(Ordering::Relaxed);
        let more = |members: usize| (members < wanted).then_some(members + 1);
        if self.members.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok() {
            rayon::spawn(|| self.help());
        }
    }

    /// Works wherever the gate opens, until nothing comes any more.
    fn help(&'static self) {
        struct Member(&'static Crew);
        impl Drop for Member {
            fn drop(&mut self) {
                self.0.here.fetch_sub(1, Ordering::Relaxed);
                self.0.members.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.here.fetch_add(1, Ordering::Relaxed);
        let _member = Member(self);
        // Each that comes calls for two more, so that the leader's time is not spent on it.
        self.recruit();
        self.recruit();
        // Nobody has seen this one: a gate is opened with larger numbers.
        let (mut seen, mut since, mut looks) = (0, Instant::now(), 0);
        while looks % LOOKS != 0 || since.elapsed() < STAY {
            looks += 1;
            if let Some(inside) = self.enter(&mut seen) {
                inside.work();
                (since, looks) = (Instant::now(), 1);
            } else if looks % LOOKS == 0 {
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    std::thread::yield_now();
                }
            } else {
                std::hint::spin_loop();
            }
        }
    }

    /// Goes in if there is room, once each time that the gate is open.
    fn enter(&'static self, seen: &mut usize) -> Option<Inside> {
        let gate = self.gate.get();
        let (number, room) = (gate / NUMBER, gate % NUMBER / ROOM);
        if room == 0 || number == *seen {
            return None;
        }
        let (order, none) = (Ordering::Acquire, Ordering::Relaxed);
        self.gate.0.compare_exchange(gate, gate - ROOM + INSIDE, order, none).ok()?;
        *seen = number;
        Some(Inside(self))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{in_step, share};
    use super::*;

    /// Leads until threads have come, at most for a while.
    fn led(work: impl Fn(bool)) {
        for _ in 0..100 {
            let lead = lead(3, true);
            work(lead.is_some());
        }
    }

    #[test]
    fn all_is_done_whoever_comes() {
        let count = || {
            led(|leads| {
                let done: Vec<_> = (0..50).map(|_| AtomicUsize::new(0)).collect();
                let threads = if leads { 3 } else { 1 };
                for round in 1..4 {
                    share(done.iter(), threads, &|done| {
                        done.fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == round));
                }
                let halves = AtomicUsize::new(0);
                in_step(threads, 9, &|step, _| {
                    assert_eq!(halves.fetch_add(1, Ordering::Relaxed) / 2, step);
                });
                assert_eq!(halves.into_inner(), 18);
            });
        };
        // Callers that lead in turn, and others that do without.
        std::thread::scope(|scope| {
            (0..3).for_each(|_| {
                scope.spawn(count);
            });
        });
    }

    #[test]
    fn others_help_and_leave() {
        let threads = Mutex::new(std::collections::HashSet::new());
        let since = Instant::now();
        // A pool with one thread helps nobody.
        while rayon::current_num_threads() > 1 && threads.lock().unwrap().len() < 2 {
            assert!(since.elapsed() < Duration::from_secs(60), "nobody came");
            let Some(_lead) = lead(2, true) else { continue };
            share(0..100, 2, &|_| {
                threads.lock().unwrap().insert(std::thread::current().id());
            });
        }
        while CREW.members.load(Ordering::Relaxed) > 0 {
            assert!(since.elapsed() < Duration::from_secs(60), "nobody left");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_panic_is_not_lost() {
        let work = || {
            let _lead = lead(2, true);
            share(0..100, 2, &|i| assert!(i < 50));
        };
        assert!(std::panic::catch_unwind(work).is_err());
        assert!(!leads());
    }

    #[test]
    fn a_pool_leads_itself() {
        let led = rayon::scope(|_| lead(2, true).is_some());
        assert!(!led);
    }
}
