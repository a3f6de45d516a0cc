//! What rav1d takes of `libc`, where there is no C: types of integers, and the numbers of Linux's
//! errors, which only have to differ.
#![no_std]
#![allow(non_camel_case_types)]

/// As wide as a pointer.
pub type intptr_t = isize;
/// As wide as a pointer.
pub type uintptr_t = usize;
/// The distance of two pointers.
pub type ptrdiff_t = isize;
/// A place in a file.
pub type off_t = i64;

/// No such entry.
pub const ENOENT: i32 = 2;
/// A failure of input or output.
pub const EIO: i32 = 5;
/// Try again.
pub const EAGAIN: i32 = 11;
/// No memory.
pub const ENOMEM: i32 = 12;
/// An invalid argument.
pub const EINVAL: i32 = 22;
/// A result out of range.
pub const ERANGE: i32 = 34;
/// An unknown option.
pub const ENOPROTOOPT: i32 = 92;
