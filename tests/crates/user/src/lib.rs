//! Instantiates the networks of `netwright-test-blocks`.
//!
//! A size that runs out is an error here, where it is chosen:
//!
//! ```compile_fail,E0277
//! use netwright_test_blocks::netwright::{prelude::*, typenum::U3};
//! use netwright_test_blocks::vision::Encoder;
//!
//! let net = Encoder::<U3, U3>::seeded(&Cpu::default(), 0);
//! ```
//!
//! With four pixels it is none:
//!
//! ```
//! use netwright_test_blocks::netwright::{prelude::*, typenum::{U3, U4}};
//! use netwright_test_blocks::vision::Encoder;
//!
//! let net = Encoder::<U3, U4>::seeded(&Cpu::default(), 0);
//! ```
