//! SQLite's locks, such that another SQLite in this process is another.
//!
//! Python has a SQLite of its own, and Agno writes the same file with it. Locks of POSIX do not exclude each other within a
//! process, and closing any descriptor of a file gives up those of the whole process: two libraries with one file destroy it
//! (<https://sqlite.org/howtocorrupt.html>, 2.2). So ours takes locks of *open file descriptions*, which exclude those of POSIX
//! within a process too and end with their description alone, and it closes no descriptor of a file that it has locked.
//!
//! SQLite counts its own connections of a file in one place and expects their locks to be one: for each file there is one
//! description that has them all. It is kept as long as the process lives; so are descriptors that SQLite is done with, for the
//! next time that it opens the file.
//!
//! Linux alone has such locks for everybody. Elsewhere nothing is done here.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rusqlite::ffi;

/// A file, whatever it is called.
type File = (libc::dev_t, libc::ino_t);

#[derive(Default)]
struct Files {
    /// The descriptors whose descriptions have the locks.
    lockers: HashMap<File, c_int>,
    /// Descriptors that SQLite has closed, and how they were opened.
    parked: HashMap<File, Vec<(c_int, c_int)>>,
    /// How those were opened that are in use.
    opened: HashMap<c_int, c_int>,
}

static FILES: Mutex<Option<Files>> = Mutex::new(None);

/// Nothing is done here any more: this process was forked while another thread held [`FILES`], which is not in it.
static IS_OFF: AtomicBool = AtomicBool::new(false);

/// The forked process that has let go of its parent's files.
static OWNER: AtomicU32 = AtomicU32::new(0);

struct Held(MutexGuard<'static, Option<Files>>);

impl Held {
    fn now() -> Option<Self> {
        let is_off = IS_OFF.load(Ordering::Relaxed);
        (!is_off).then(|| Self(FILES.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn files(&mut self) -> &mut Files {
        self.0.get_or_insert_with(Files::default)
    }
}

/// Makes SQLite lock so, from the next file on that it opens.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: what SQLite has for names of its own is valid for as long as the process lives, and the functions have the
        // signatures with which `os_unix.c` calls those that they replace.
        unsafe {
            let vfs = ffi::sqlite3_vfs_find(std::ptr::null());
            let Some(set) = vfs.as_ref().and_then(|vfs| vfs.xSetSystemCall) else { return };
            let calls: [(&CStr, *const c_void); 3] = [
                (c"fcntl", control as *const c_void),
                (c"close", close as *const c_void),
                (c"open", open as *const c_void),
            ];
            for (name, call) in calls {
                let call = std::mem::transmute::<*const c_void, ffi::sqlite3_syscall_ptr>(call);
                set(vfs, name.as_ptr(), call);
            }
        }
    });
}

/// Lets go of what belongs to the parent, in a process that was just forked: a description is shared with it, and so are its locks.
/// Nothing of the parent's may be open any more.
pub(crate) fn forget_after_fork() {
    // The package may have been loaded twice; what was opened since the first one said so is this process's.
    if OWNER.swap(std::process::id(), Ordering::Relaxed) == std::process::id() {
        return;
    }
    let Ok(mut files) = FILES.try_lock() else {
        IS_OFF.store(true, Ordering::Relaxed);
        return;
    };
    if let Some(files) = files.take() {
        let parked = files.parked.into_values().flatten().map(|(descriptor, _)| descriptor);
        for descriptor in files.lockers.into_values().chain(parked) {
            // SAFETY: nobody else has it.
            unsafe { libc::close(descriptor) };
        }
    }
}

/// `fcntl`, as SQLite calls it: with two arguments or three, which are passed alike on Linux.
unsafe extern "C" fn control(descriptor: c_int, command: c_int, argument: *mut c_void) -> c_int {
    let ofd = match command {
        libc::F_SETLK => libc::F_OFD_SETLK,
        libc::F_SETLKW => libc::F_OFD_SETLKW,
        libc::F_GETLK => libc::F_OFD_GETLK,
        // SAFETY: as SQLite would have called it.
        _ => return unsafe { libc::fcntl(descriptor, command, argument) },
    };
    let Some(locker) = locker(descriptor) else {
        // SAFETY: as SQLite would have called it.
        return unsafe { libc::fcntl(descriptor, command, argument) };
    };
    // SAFETY: with these commands the argument is a lock, which SQLite has on its stack.
    unsafe {
        let lock = argument.cast::<libc::flock>();
        // It must be 0 for such locks.
        (*lock).l_pid = 0;
        libc::fcntl(locker, ofd, lock)
    }
}

/// Returns the descriptor whose description has the locks of the file.
fn locker(descriptor: c_int) -> Option<c_int> {
    let file = file(descriptor)?.name;
    let mut held = Held::now()?;
    let lockers = &mut held.files().lockers;
    if let Some(locker) = lockers.get(&file) {
        return Some(*locker);
    }
    let path = std::ffi::CString::new(format!("/proc/self/fd/{descriptor}")).ok()?;
    // SAFETY: a path that ends with a NUL. A file that may only be read can only be locked for reading, here as elsewhere.
    let locker = unsafe {
        match libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) {
            -1 => libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC),
            locker => locker,
        }
    };
    (locker >= 0).then(|| *lockers.entry(file).or_insert(locker))
}

/// `close`: what has been locked is kept, as closing it would give up the locks of the other SQLite. Of a file that is deleted
/// nobody can be deprived.
unsafe extern "C" fn close(descriptor: c_int) -> c_int {
    if let (Some(file), Some(mut held)) = (file(descriptor), Held::now()) {
        let files = held.files();
        let flags = files.opened.remove(&descriptor);
        if file.is_deleted {
            let parked = files.parked.remove(&file.name).unwrap_or_default();
            for other in parked.into_iter().map(|(other, _)| other).chain(files.lockers.remove(&file.name)) {
                // SAFETY: nobody else has it.
                unsafe { libc::close(other) };
            }
        } else if let Some(flags) = flags
            && files.lockers.contains_key(&file.name)
        {
            files.parked.entry(file.name).or_default().push((descriptor, flags));
            return 0;
        }
    }
    // SAFETY: as SQLite would have called it.
    unsafe { libc::close(descriptor) }
}

/// `open`: a descriptor of the file that was kept, if there is one.
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: SQLite's path ends with a NUL.
    let known = told(|told| unsafe { libc::stat(path, told) });
    let mut held = Held::now();
    if let Some(held) = &mut held
        && let Some(parked) = known.and_then(|file| held.files().parked.get_mut(&file.name))
        && flags & libc::O_EXCL == 0
        && let Some(at) = parked.iter().position(|(_, opened)| *opened == flags)
    {
        let (descriptor, _) = parked.swap_remove(at);
        held.files().opened.insert(descriptor, flags);
        return descriptor;
    }
    // SAFETY: as SQLite would have called it.
    let descriptor = unsafe { libc::open(path, flags, mode) };
    if let Some(held) = &mut held
        && descriptor >= 0
    {
        held.files().opened.insert(descriptor, flags);
    }
    descriptor
}

#[derive(Clone, Copy)]
struct Known {
    name: File,
    is_deleted: bool,
}

fn file(descriptor: c_int) -> Option<Known> {
    // SAFETY: whatever number it is, that is what it may be asked.
    told(|told| unsafe { libc::fstat(descriptor, told) })
}

fn told(ask: impl FnOnce(*mut libc::stat) -> c_int) -> Option<Known> {
    let mut told = MaybeUninit::<libc::stat>::uninit();
    if ask(told.as_mut_ptr()) != 0 {
        return None;
    }
    // SAFETY: the system has filled it.
    let told = unsafe { told.assume_init() };
    Some(Known { name: (told.st_dev, told.st_ino), is_deleted: told.st_nlink == 0 })
}
