//! How work is divided among threads: so that nothing but time depends on how many there are.

pub(crate) mod crew;

use std::cell::Cell;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

thread_local! {
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Runs `f`; networks that it runs on the CPU in `f32` use at most `threads` threads meanwhile, on
/// this thread's calls. 0 is taken as 1.
///
/// Work runs on rayon's current pool: the one that a program has entered with
/// `ThreadPool::install`, else the global one, whose size `RAYON_NUM_THREADS` sets. So a program
/// that uses rayon itself never has more threads at work than its pool has. A prediction from outside
/// of a pool runs on the calling thread, and all threads of the global pool but one may help it; they
/// stay awake for a millisecond after the last. Of several such callers at a time, one has help.
/// With `threads` of 1, everything runs on the calling thread. Results are the same bits whatever
/// the number.
///
/// ```
/// let sum = netwright_core::engine::with_threads(1, || 1 + 1);
/// assert_eq!(sum, 2);
/// ```
pub fn with_threads<R>(threads: usize, f: impl FnOnce() -> R) -> R {
    /// Puts the old limit back, whatever happens in between.
    struct Back(usize);
    impl Drop for Back {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _back = Back(LIMIT.replace(threads.max(1)));
    f()
}

/// The threads that the calling thread may use.
pub(crate) fn limit() -> usize {
    LIMIT.get()
}

/// How many of so many threads there are, for work whose pieces leave no trace in the result.
pub(crate) fn present(threads: usize) -> usize {
    threads.min(rayon::current_num_threads())
}

/// How many of these threads could begin at once, for work that is better not divided than waited
/// for.
pub(crate) fn near(threads: usize) -> usize {
    if crew::leads() { threads.min(1 + crew::here()) } else { threads }
}

/// Whether the calling thread is one of a pool.
pub(crate) fn in_pool() -> bool {
    rayon::current_thread_index().is_some()
}

/// Calls `each` with the number of every item and the item, on at most `threads` threads. Each takes
/// the next item when it has done one: one that is held up, by whatever, does fewer.
pub(crate) fn spread<T: Send>(
    items: &mut [T],
    threads: usize,
    each: &(impl Fn(usize, &mut T) + Sync),
) {
    let threads = threads.min(items.len());
    share(items.iter_mut().enumerate(), threads, &|(number, item)| each(number, item));
}

/// Calls `each` with every item, on at most `threads` threads, as [`spread`] does.
pub(crate) fn share<T>(
    items: impl Iterator<Item = T> + Send,
    threads: usize,
    each: &(impl Fn(T) + Sync),
) {
    let queue = Mutex::new(items);
    // Nobody panics while the queue is locked, so it is never poisoned.
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    together(present(threads), &|| {
        while let Some(item) = next() {
            each(item);
        }
    });
}

/// Runs `work` on all of these threads.
fn together(threads: usize, work: &(impl Fn() + Sync)) {
    if threads <= 1 {
        work();
    } else if crew::leads() {
        crew::run(threads - 1, work, work);
    } else {
        both(threads, |threads| together(threads, work), |threads| together(threads, work));
    }
}

/// Runs both, each on its share of the threads.
pub(crate) fn both(
    threads: usize,
    left: impl FnOnce(usize) + Send,
    right: impl FnOnce(usize) + Send,
) {
    let share = threads / 2;
    if threads <= 1 {
        left(1);
        right(1);
    } else {
        rayon::join(|| left(threads - share), || right(share));
    }
}

/// Calls `half` with every step in `0..steps` and each of 0 and 1: both halves of a step at the same
/// time if a second thread is free, and none before both of the step before are done, which it
/// sees the writes of.
///
/// The caller never waits for a thread to come, but from then on they go together: what lies between
/// two steps is far less than waking a thread takes.
pub(crate) fn in_step(threads: usize, steps: usize, half: &(impl Fn(usize, usize) + Sync)) {
    if threads <= 1 {
        (0..steps).for_each(|step| [0, 1].into_iter().for_each(|which| half(step, which)));
        return;
    }
    let [came, begin] = [0, UNKNOWN].map(|number| Word(AtomicUsize::new(number)));
    let team = Team { came, begin, done: Default::default() };
    if crew::leads() {
        crew::run(1, || team.lead(steps, half), &|| team.help(steps, half));
    } else {
        rayon::join(|| team.lead(steps, half), || team.help(steps, half));
    }
}

/// The second thread does not know yet where it begins.
const UNKNOWN: usize = usize::MAX;

/// How often is looked before the processor is offered to others.
const LOOKS: usize = 1 << 10;

/// A number on cache lines of its own, two of which some processors fetch together.
#[derive(Default)]
#[repr(align(128))]
struct Word(AtomicUsize);

impl Word {
    fn get(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// What this thread wrote before is seen by whoever gets it.
    fn set(&self, number: usize) {
        self.0.store(number, Ordering::Release);
    }
}

/// Two threads in step.
struct Team {
    /// Not 0 when the second is there.
    came: Word,
    /// The step that both begin with.
    begin: Word,
    /// How many steps each has done its half of.
    done: [Word; 2],
}

impl Team {
    fn lead(&self, steps: usize, half: &impl Fn(usize, usize)) {
        let alone = (0..steps).find(|&step| {
            let together = self.came.get() > 0;
            if !together {
                [0, 1].into_iter().for_each(|which| half(step, which));
            }
            together
        });
        let begin = alone.unwrap_or(steps);
        self.begin.set(begin);
        self.together(begin..steps, 0, half);
    }

    fn help(&self, steps: usize, half: &impl Fn(usize, usize)) {
        self.came.set(1);
        wait(|| self.begin.get() != UNKNOWN);
        self.together(self.begin.get()..steps, 1, half);
    }

    fn together(&self, steps: Range<usize>, which: usize, half: &impl Fn(usize, usize)) {
        for step in steps {
            half(step, which);
            self.done[which].set(step + 1);
            wait(|| self.done[1 - which].get() > step);
        }
    }
}

/// Looks until `ready`.
fn wait(mut ready: impl FnMut() -> bool) {
    let mut looks = 0;
    while !ready() {
        looks += 1;
        if looks % LOOKS == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
    }
}

/// Runs `f` inside rayon's pool, if there is more than one thread for it: every division of work in
/// it is then cheap.
pub(crate) fn inside<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    if threads <= 1 || in_pool() { f() } else { rayon::scope(|_| f()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_seen_once_with_its_number() {
        for threads in [1, 2, 3, usize::MAX] {
            let mut items = vec![0; 17];
            inside(threads, || spread(&mut items, threads, &|i, item| *item += i + 1));
            assert_eq!(items, (1..=17).collect::<Vec<_>>());
        }
    }

    #[test]
    fn steps_follow_each_other() {
        for (threads, steps) in [(1, 9), (2, 0), (2, 1), (2, 5000), (usize::MAX, 5000)] {
            let done: [AtomicUsize; 2] = Default::default();
            in_step(threads, steps, &|step, which| {
                // What both halves of the step before have done is seen, and is all there is.
                let [own, other] = [which, 1 - which].map(|i| done[i].load(Ordering::Relaxed));
                assert!(own == step && (other == step || other == step + 1), "{own} {other}");
                done[which].store(step + 1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == steps));
        }
    }

    #[test]
    fn the_limit_ends_with_the_call() {
        assert_eq!(limit(), usize::MAX);
        let inner = with_threads(3, || with_threads(0, limit));
        assert_eq!((inner, limit()), (1, usize::MAX));
    }
}
