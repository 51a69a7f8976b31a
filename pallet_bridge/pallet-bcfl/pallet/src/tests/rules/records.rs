// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, *};

fn struck(rounds: impl IntoIterator<Item = RoundId>) -> Struck {
    rounds.into_iter().collect::<Vec<_>>().try_into().expect("few enough")
}

#[test]
fn two_records_are_the_worse_of_each() {
    let one = Record {
        strikes: 3,
        clean_rounds: 5,
        offences: 0,
        forgiven: 7,
        suspended_until: 40,
        struck: struck([2, 6]),
    };
    let other = Record {
        strikes: 1,
        clean_rounds: 4,
        offences: 2,
        forgiven: 1,
        suspended_until: 41,
        struck: struck([1, 6, 9]),
    };
    let both = Record {
        strikes: 3,
        clean_rounds: 4,
        offences: 2,
        forgiven: 7,
        suspended_until: 41,
        struck: struck([1, 2, 6, 9]),
    };
    assert_eq!(one.clone().merge(other.clone()), both);
    assert_eq!(other.merge(one), both);
}

#[test]
fn of_too_many_rounds_the_latest_are_kept() {
    let old = Record { struck: struck(0..32), ..Record::default() };
    let new = Record { struck: struck(30..62), ..Record::default() };
    assert_eq!(old.merge(new).struck, struck(30..62));
}

#[test]
fn invitation_is_complete_as_the_terms_say() {
    let by = |vouchers: u8| Invitation {
        organisation: Default::default(),
        max_examples: 0,
        vouchers: (0..vouchers).map(member).collect::<Vec<_>>().try_into().expect("few"),
    };
    let cases = [
        // admission, vouchers, members, complete
        (Admission::Open, 0, 9, true),
        (Admission::Invited, 0, 9, true),
        (Admission::Invited, 16, 9, false),
        (Admission::Vouched(3), 2, 9, false),
        (Admission::Vouched(3), 3, 9, true),
        (Admission::Vouched(3), 0, 3, false),
        (Admission::Vouched(3), 0, 2, true),
        (Admission::Vouched(3), 1, 2, false),
    ];
    for (admission, vouchers, members, is_complete) in cases {
        let answer = by(vouchers).is_complete(admission, members);
        assert_eq!(answer, is_complete, "{admission:?} {vouchers} {members}");
    }
}

#[test]
fn consent_never_makes_an_exit_longer() {
    let mut member = newcomer(100);
    let of = |unbonding_blocks| Terms { unbonding_blocks, ..terms() };
    member.consents(3, &of(90));
    assert_eq!((member.terms_version, member.exit_blocks), (3, 17));
    member.consents(4, &of(11));
    assert_eq!((member.terms_version, member.exit_blocks), (4, 11));
    // A round under older terms takes nothing back.
    member.consents(2, &of(5));
    assert_eq!((member.terms_version, member.exit_blocks), (4, 11));
}

#[test]
fn liability_never_ends_sooner() {
    let mut member = newcomer(100);
    member.takes_part_until(20);
    member.takes_part_until(12);
    assert_eq!(member.liable_until, 20);
}
