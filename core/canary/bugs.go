package canary

import "slices"

// Bug names a seeded bug, in the words of what goes wrong.
type Bug string

// The bugs, by the package that they are seeded in.
const (
	DropRemainder Bug = "money: what is left of a division is dropped"

	RoundEachLine Bug = "rating: each line is rounded by itself"

	ShortMonth Bug = "calendar: a month ends a day early"
	DaysOfUTC  Bug = "calendar: days begin at midnight UTC"

	EarlyKnowledge Bug = "terms: a version counts before it is known"
	ShortNotice    Bug = "terms: the day of the announcement counts as notice"
	RejectedBinds  Bug = "terms: a version binds who has left over it"

	FeeOnFee       Bug = "arrears: a late fee bears a late fee"
	FeeOnDueDay    Bug = "arrears: the due day bears a late fee"
	PayNewestFirst Bug = "arrears: the newest debt is paid first"
	NoPartPayment  Bug = "arrears: a debt is paid whole or not at all"

	SuspendUnannounced Bug = "subscription: a service is suspended without notice"
	ReleaseEarly       Bug = "subscription: resources are released a day early"

	PriceOfToday    Bug = "account: late usage has the price of today"
	OpenGate        Bug = "account: whoever owes can open a service"
	BillSuspended   Bug = "account: usage of a suspended service is billed"
	RefuseWholeHour Bug = "account: an hour in which a service was closed is refused whole"
	KeepOverpayment Bug = "account: what was paid too much is kept"
	ResumeUnpaid    Bug = "account: a service resumes before the late fees are paid"
	OldNoticeCounts Bug = "account: a notice of earlier arrears counts for later ones"
	AnyMethod       Bug = "account: any way of paying is taken"
	FutureByStart   Bug = "account: usage ahead of time is judged by its start"
	UnsealedRows    Bug = "account: an entry does not seal its rows"

	CreditTwice     Bug = "app: a payment is credited under every key"
	ForgetAnswer    Bug = "app: the answer under a key is forgotten"
	FirstInstant    Bug = "app: usage in the instant of opening is refused"
	AcceptFromNow   Bug = "app: use accepts from now, not from when it was"
	PublishSilently Bug = "app: a publication wakes nobody"

	CountDuplicates   Bug = "store: an event that comes twice is counted twice"
	ReusedIsDouble    Bug = "store: a reused id is taken for a repetition"
	LoseLateEvent     Bug = "store: nobody looks when usage arrives late"
	AnswerUncommitted Bug = "store: the answer is given and nothing committed"
	SwallowConflict   Bug = "store: losing to another transaction counts as success"
	SwallowError      Bug = "store: a write that fails is passed over"
	PassOverCount     Bug = "store: a count that came as an hour began is passed over"
	KeepPaidDebts     Bug = "store: debts that were paid stay"
	KeepOldBalance    Bug = "store: a balance that falls to nothing is not written"
	KnownIsNow        Bug = "store: a statement of then holds what is known now"
	SkipLock          Bug = "store: accounts are not locked"
)

// All lists the bugs.
func All() []Bug {
	return []Bug{
		DropRemainder, RoundEachLine, ShortMonth, DaysOfUTC, EarlyKnowledge, ShortNotice, RejectedBinds,
		FeeOnFee, FeeOnDueDay, PayNewestFirst, NoPartPayment, SuspendUnannounced, ReleaseEarly,
		PriceOfToday, OpenGate, BillSuspended, RefuseWholeHour, KeepOverpayment, ResumeUnpaid, OldNoticeCounts, AnyMethod, FutureByStart, UnsealedRows,
		CreditTwice, ForgetAnswer, FirstInstant, AcceptFromNow, PublishSilently,
		CountDuplicates, ReusedIsDouble, LoseLateEvent, AnswerUncommitted, SwallowConflict, SwallowError,
		PassOverCount, KeepPaidDebts, KeepOldBalance, KnownIsNow, SkipLock,
	}
}

// inTheAnswer are the bugs that leave books which agree with themselves: an answer was
// wrong, or the books rest on something that nothing else tells, as which version may be
// published, or what was reported and not kept.
var inTheAnswer = []Bug{ShortNotice, ForgetAnswer, AcceptFromNow, ReusedIsDouble, SwallowConflict, KnownIsNow, SkipLock}

// ShowsInBooks says whether the books that the bug leaves contradict themselves, so
// that verify must find it.
func (b Bug) ShowsInBooks() bool { return !slices.Contains(inTheAnswer, b) }
