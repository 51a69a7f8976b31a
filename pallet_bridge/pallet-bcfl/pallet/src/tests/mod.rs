//! One file a call; then the pure parts, the defects of other systems, and random calls.

mod abort;
mod add_stake;
mod claim;
mod close;
mod commit;
mod commit_batch;
mod create_federation;
mod defects;
mod encoding;
mod execute_slash;
mod fund;
mod fuzz;
mod join;
mod open_round;
mod rules;
mod settle;
mod unbond;
mod vectors;
mod withdraw;
