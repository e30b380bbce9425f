package model

import (
	"slices"
	"strings"
	"time"
)

// TopUp is money that a customer pays in.
type TopUp struct {
	Amount            Money
	Method, Reference string
}

// Answer is what is answered to a top-up.
type Answer struct {
	Wallet, Owed, Paid Money
	// Repeated says that the key was used before for the same.
	Repeated bool
}

// answered is an answer that is kept under a key.
type answered struct {
	request TopUp
	answer  Answer
}

// TopUp puts money into a wallet. The key makes it happen once; so does the
// payment's own name, which is its method and reference. A dry run answers and
// changes nothing.
func (m *Model) TopUp(id string, t TopUp, key string, dryRun bool) (answer Answer, code string) {
	a := m.accounts[id]
	if a == nil {
		return Answer{}, "unknown_account"
	}
	if kept, used := a.answers[key]; used && key != "" {
		if kept.request != t {
			return Answer{}, "idempotency_key_reused"
		}
		kept.answer.Repeated = true
		return kept.answer, ""
	}
	if code := m.mayTopUp(a, t); code != "" {
		return Answer{}, code
	}
	paid := fact{now: m.Now, look: m.Now, topUp: &t}
	answer = m.booksIf(a, paid).answer()
	if dryRun {
		return answer, ""
	}
	a.tell(paid)
	if key != "" {
		a.answers[key] = answered{t, answer}
	}
	return answer, ""
}

// mayTopUp says why a top-up is refused, or nothing.
func (m *Model) mayTopUp(a *account, t TopUp) string {
	if t.Amount <= 0 || t.Reference == "" {
		return "bad_input"
	}
	b := m.BooksIf(a.id, m.Now)
	q := b.askStanding("", later(m.Now, b.At))
	for _, product := range b.products() {
		if !m.hasAgreement(q) { // it stands under the terms of what it uses alone
			q = b.askStanding(product, later(m.Now, b.At))
		}
	}
	if !m.hasAgreement(q) {
		return "agreement_not_accepted"
	}
	methods, set := m.value("topup.methods", q)
	if !set {
		return "term_missing"
	}
	if !lists(methods, t.Method) {
		return "method_not_offered"
	}
	for _, f := range a.facts {
		if f.topUp != nil && f.topUp.Method == t.Method && f.topUp.Reference == t.Reference {
			return "already_exists"
		}
	}
	return ""
}

// answer says how the account stands after its last top-up.
func (b *Books) answer() Answer {
	return Answer{Wallet: b.Balances["wallet"], Owed: b.Owed(), Paid: b.lastPaid}
}

// Owed is everything that the account owes: principal and late fees.
func (b *Books) Owed() (owed Money) {
	for _, d := range b.Debts {
		owed += d.Outstanding
	}
	for _, amount := range b.unpaidFees() {
		owed += amount
	}
	return owed
}

// unpaidFees are the late fees that are owed, by ledger account.
func (b *Books) unpaidFees() map[string]Money {
	fees := map[string]Money{}
	for name, balance := range b.Balances {
		if strings.HasPrefix(name, "fees_receivable:") && balance < 0 {
			fees[name] = -balance
		}
	}
	return fees
}

// pay puts a top-up into the wallet and pays from it what is owed.
func (b *Books) pay(t *TopUp, at time.Time) {
	b.move("top_up", "paid_in:"+t.Method, "wallet", t.Amount, at)
	before := b.Balances["wallet"]
	b.payWhatIsOwed(at)
	b.lastPaid = before - b.Balances["wallet"]
	b.At = at
}

// payWhatIsOwed takes from the wallet what it holds for what is owed, principal
// and fees in the order that the rules name (R 2).
func (b *Books) payWhatIsOwed(at time.Time) {
	if b.Balances["wallet"] > 0 && b.Owed() > 0 {
		if b.must("payment.order", b.payingProduct(), at) == "late_fee_first" {
			b.payFees(at)
			b.payPrincipal(at)
		} else {
			b.payPrincipal(at)
			b.payFees(at)
		}
	}
	b.restore(at)
}

// payingProduct is the product whose terms say what is paid first: that of the
// oldest debt.
func (b *Books) payingProduct() string {
	if len(b.Debts) > 0 {
		return b.Debts[0].Product
	}
	return b.products()[0]
}

func (b *Books) payPrincipal(at time.Time) {
	for i := range b.Debts {
		d := &b.Debts[i]
		part := min(d.Outstanding, b.Balances["wallet"])
		d.Outstanding -= part
		b.move("payment", "wallet", "receivable:"+d.Seller, part, at)
	}
	b.dropPaid()
}

func (b *Books) payFees(at time.Time) {
	fees := b.unpaidFees()
	for _, name := range sortedKeys(fees, strings.Compare) {
		b.move("late_fee_payment", "wallet", name, min(fees[name], b.Balances["wallet"]), at)
	}
}

// takeFees charges, at a midnight, the late fees whose base is taken then: that
// of the day that has ended, and that of the day that begins where the base is
// what is outstanding as it does. Each day's terms speak for it. The fee is taken
// on the principal that is overdue to one seller for one product (R 6).
func (b *Books) takeFees(at time.Time) {
	for _, begins := range []time.Time{midnight(at, b.model.Zone, -1), at} {
		done := map[sale]bool{}
		for _, d := range slices.Clone(b.Debts) {
			by := sale{d.Product, d.Seller}
			if !done[by] {
				b.takeFee(by, begins, at)
			}
			done[by] = true
		}
	}
}

func (b *Books) takeFee(by sale, begins, at time.Time) {
	ends := midnight(begins, b.model.Zone, 1)
	q := b.askWithin(by.product, begins, ends, at, b.model.isAgreed)
	rate, set := b.model.value("late_fee.rate", q)
	if !set {
		return
	}
	taken := ends
	if b.model.must("late_fee.base", q) == "outstanding_at_day_start" {
		taken = begins
	}
	day := date(begins, b.model.Zone)
	base := b.overdue(by, day, b.model.must("late_fee.first_day", q), at)
	if !taken.Equal(at) || base == 0 {
		return
	}
	account := "fees_receivable:" + by.seller + ":" + by.product
	if b.model.must("late_fee.method", q) == "compound" {
		base += b.unpaidFees()[account]
	}
	fee := share(base, perDay(rate), b.model.must("late_fee.rounding", q))
	if fee == 0 {
		return
	}
	b.Fees = append(b.Fees, Fee{by.seller, by.product, day, base, fee, at, b.recorded(at)})
	b.move("late_fee", account, "fee_income:"+by.seller, fee, at)
}

// overdue is the principal that bears the fee of a day: by R 4 the day on which
// it fell due does not count, unless the terms say that it does.
func (b *Books) overdue(by sale, day, firstDay string, taken time.Time) (base Money) {
	for _, d := range b.Debts {
		counts := d.Due < day || d.Due == day && firstDay == "due_day"
		counts = counts && !d.Since.After(taken)
		if d.Seller == by.seller && d.Product == by.product && counts {
			base += d.Outstanding
		}
	}
	return base
}
