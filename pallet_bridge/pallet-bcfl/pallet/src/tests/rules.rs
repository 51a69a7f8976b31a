use sp_runtime::Perbill;

use crate::{mock::*, rules::*, Outcome::*, *};

#[test]
fn rewards_are_rounded_down() {
    assert_eq!(reward_share(100, 3), 33);
    assert_eq!(reward_share(2, 3), 0);
    assert_eq!(reward_share(100, 0), 0);
}

#[test]
fn order_is_strict() {
    let mut verdicts: Vec<_> = (0..3).map(|index| verdict(index, Accepted)).collect();
    verdicts.sort_by(|one, other| one.account.cmp(&other.account));
    assert!(is_ascending(&verdicts));
    assert!(is_ascending(&[]));
    verdicts.swap(1, 2);
    assert!(!is_ascending(&verdicts));
}

#[test]
fn clean_rounds_forgive_one_strike_each_time() {
    let mut standing = Standing { strikes: 2, clean_rounds: 0 };
    let mut strikes = vec![];
    for _ in 0..6 {
        standing = judge(standing, Accepted, 2).expect("no overflow");
        strikes.push(standing.strikes);
    }
    assert_eq!(strikes, [2, 1, 1, 0, 0, 0]);
}

#[test]
fn strikes_do_not_overflow() {
    let worst = Standing { strikes: u32::MAX, clean_rounds: 0 };
    assert_eq!(judge(worst, Rejected, 1), Err(sp_runtime::ArithmeticError::Overflow));
}

#[test]
fn fractions_grow_to_the_cap_and_no_further() {
    let slash = terms().slash;
    let fraction = |offences| slash_fraction(OffenceKind::Outlier, &slash, offences);
    assert_eq!(
        [0, 1, 2, 3, u32::MAX].map(fraction),
        [20, 40, 60, 60, 60].map(Perbill::from_percent)
    );
    assert_eq!(slash_fraction(OffenceKind::Equivocation, &slash, 9), percent(50));
}

#[test]
fn slash_takes_no_more_than_there_is() {
    type Member = Participant<<Test as Config>::MaxUnbonding>;
    let mut member = Member::new(10);
    member.unbond(4, 1).expect("room");
    assert_eq!(member.slash(100), Ok(10));
    assert!(member.is_empty());
}
