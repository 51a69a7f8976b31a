// SPDX-License-Identifier: Apache-2.0
//! Version 2 to 3, try-runtime style: a state of version 2, the upgrade, and all invariants after.
