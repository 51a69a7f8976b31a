// SPDX-License-Identifier: Apache-2.0
//! The steps of a migration: each within its weight, and the end is the same however many there are.
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
    migrations::{SteppedMigration, SteppedMigrationError},
    storage::unhashed,
    weights::{Weight, WeightMeter},
};
use sp_runtime::StateVersion;

use super::{old::write_back, *};
use crate::migrations::stepped::Progress;

/// All there is to do, at once.
pub fn migrate() {
    run::<MigrateV2ToV3<Test>>(Weight::MAX, || ());
    run::<MigrateV3ToV4<Test>>(Weight::MAX, || ());
}

/// Run a migration with this much for each step, and say how many steps it took.
fn run<M: SteppedMigration<Cursor = Progress>>(limit: Weight, mut between: impl FnMut()) -> u32 {
    let mut progress = None;
    for steps in 1.. {
        let mut meter = WeightMeter::with_limit(limit);
        let at = M::step(progress, &mut meter).expect("a step goes well");
        assert!(meter.consumed().all_lte(limit));
        let Some(at) = at else { return steps };
        // What the chain keeps of it between two blocks.
        let kept = at.encode();
        assert!(kept.len() <= Progress::max_encoded_len());
        progress = Some(Progress::decode(&mut &kept[..]).expect("what was encoded"));
        between();
    }
    unreachable!("a migration ends")
}

/// The least that a step of a migration needs: what it says when there is nothing.
fn least<M: SteppedMigration<Cursor = Progress>>() -> Weight {
    match M::step(None, &mut WeightMeter::with_limit(Weight::zero())) {
        Err(SteppedMigrationError::InsufficientWeight { required }) => required,
        other => panic!("without weight there is no step, not {other:?}"),
    }
}

fn root() -> Vec<u8> {
    sp_io::storage::root(StateVersion::V1)
}

/// A state of version 2 with records of each kind.
fn of_version_2(then: impl FnOnce()) {
    let scene = ExtBuilder::default().members(4).round();
    scene.terms(|terms| terms.quorum = Quorum::Window).build().execute_with(|| {
        System::set_block_number(1);
        ExtBuilder::default().members(4).round().set_the_scene();
        equivocate(0);
        assert_ok!(commit(0, 1));
        skip(1);
        write_back();
        then();
    });
}

/// Root of the state after everything was done at once.
fn wanted() -> Vec<u8> {
    let mut found = Vec::new();
    of_version_2(|| {
        migrate();
        found = root();
    });
    found
}

#[test]
fn the_end_is_the_same_however_often_it_is_interrupted() {
    let (second, third) = (least::<MigrateV2ToV3<Test>>, least::<MigrateV3ToV4<Test>>);
    for times in [1, 2, 3, 7] {
        of_version_2(|| {
            let steps = run::<MigrateV2ToV3<Test>>(second().saturating_mul(times), || ());
            run::<MigrateV3ToV4<Test>>(third().saturating_mul(times), || ());
            assert!(times > 1 || steps > 2, "a small step is not the whole");
            assert_eq!(root(), wanted());
        });
    }
}

#[test]
fn one_record_a_step_changes_one_record_a_step() {
    of_version_2(|| {
        let keys: Vec<Vec<u8>> = all_keys();
        let mut before: Vec<_> = keys.iter().map(|key| unhashed::get_raw(key)).collect();
        let most = least::<MigrateV2ToV3<Test>>();
        let frame = <Test as frame_system::Config>::DbWeight::get().reads_writes(1, 1);
        // So much that the dearest record can be done and no second one like it.
        run::<MigrateV2ToV3<Test>>(most, || {
            let now: Vec<_> = keys.iter().map(|key| unhashed::get_raw(key)).collect();
            let changed = now.iter().zip(&before).filter(|(now, was)| now != was).count();
            let cheapest = crate::migrations::stepped::record::<Test>(0);
            let room = most.saturating_sub(frame).ref_time() / cheapest.ref_time();
            assert!(u64::try_from(changed).expect("few") <= room);
            before = now;
        });
    });
}

#[test]
fn a_later_block_changes_nothing_of_the_result() {
    // A migration speaks of the block in which it began, however long it takes.
    of_version_2(|| {
        let began = System::block_number();
        run::<MigrateV2ToV3<Test>>(least::<MigrateV2ToV3<Test>>(), || skip(5));
        assert!(System::block_number() > began);
        for member in Participants::<Test>::iter_prefix_values(0) {
            assert_eq!(member.held_since, began);
        }
    });
}

#[test]
fn too_little_weight_changes_nothing() {
    of_version_2(|| {
        let before = root();
        let mut short = least::<MigrateV2ToV3<Test>>();
        short.saturating_reduce(Weight::from_parts(1, 0));
        let result = MigrateV2ToV3::<Test>::step(None, &mut WeightMeter::with_limit(short));
        assert!(matches!(result, Err(SteppedMigrationError::InsufficientWeight { .. })));
        assert_eq!(root(), before);
    });
}

#[test]
fn begun_anew_at_any_point_it_ends_the_same() {
    let limit = least::<MigrateV2ToV3<Test>>();
    let steps = {
        let mut steps = 0;
        of_version_2(|| steps = run::<MigrateV2ToV3<Test>>(limit, || ()));
        steps
    };
    for stopped in 0..steps {
        of_version_2(|| {
            let mut progress = None;
            for _ in 0..stopped {
                let mut meter = WeightMeter::with_limit(limit);
                progress = MigrateV2ToV3::<Test>::step(progress, &mut meter).expect("a step");
            }
            migrate();
            assert_eq!(root(), wanted());
        });
    }
}

#[test]
fn a_record_that_cannot_be_read_stays_and_stops_nothing() {
    of_version_2(|| {
        let key = Participants::<Test>::hashed_key_for(0, member(1));
        unhashed::put_raw(&key, b"odd");
        migrate();
        assert_eq!(unhashed::get_raw(&key), Some(b"odd".to_vec()));
        assert_eq!(Participants::<Test>::iter_prefix_values(0).count(), 3);
        assert_eq!(Bcfl::on_chain_storage_version(), StorageVersion::new(4));
    });
}

fn all_keys() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut last = Vec::new();
    while let Some(key) = sp_io::storage::next_key(&last) {
        last.clone_from(&key);
        found.push(key);
    }
    found
}
