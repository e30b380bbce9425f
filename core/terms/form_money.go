package terms

import (
	"slices"
	"strconv"
	"strings"

	"termwise.dev/core/money"
)

// The forms of shares, sums and multiples.
var (
	percentForm  = scalar("percentage", `percent, written "99.95%"`, parsePercent, percent)
	moneyForm    = scalar("sum of money", `an amount and its currency, written "200000.00 CNY"`, parseSum, Sum.String)
	multipleForm = scalar("multiple", `so many times a sum, written "2x cumulative_fee"`, parseMultiple, Multiple.String)
	capForm      = scalar("cap", `a sum, or one with its months, written "fees_paid_for_service 12 months"`, parseCap, Cap.String)
	tiersForm    = form[Tiers]{
		typ: "tiers", unit: tiersUnit,
		parse: parseTiers, format: Tiers.String,
	}
)

func parsePercent(s string) (money.Decimal, error) {
	if !strings.HasSuffix(s, "%") {
		return 0, invalid(strconv.Quote(s)+" is not a percentage", `write "99.95%%"`)
	}
	share, err := money.ParseDecimal(s)
	if err != nil {
		return 0, err
	}
	if share < 0 || share > money.DecimalScale {
		return 0, invalid(strconv.Quote(s)+" is not between 0% and 100%", "give a percentage between them")
	}
	return share, nil
}

// percent writes a share between 0 and 1, which cannot overflow a hundredfold.
func percent(share money.Decimal) string { return (share * 100).String() + "%" }

// Sum is an amount of money with its currency, written "200000.00 CNY".
type Sum struct {
	Amount   money.Amount
	Currency money.Currency
}

// String gives "200000.000000 CNY".
func (s Sum) String() string { return s.Amount.String() + " " + string(s.Currency) }

func parseSum(s string) (Sum, error) {
	text, currency, found := strings.Cut(s, " ")
	if !found || !isCurrency(currency) {
		return Sum{}, invalid(strconv.Quote(s)+" is not a sum of money", `write "200000.00 CNY"`)
	}
	amount, err := money.ParseAmount(text)
	if err != nil {
		return Sum{}, err
	}
	if amount < 0 {
		return Sum{}, invalid(strconv.Quote(s)+" is negative", "give an amount of zero or more")
	}
	return Sum{Amount: amount, Currency: money.Currency(currency)}, nil
}

// String gives "2x cumulative_fee".
func (m Multiple) String() string { return strconv.Itoa(m.Times) + "x " + string(m.Base) }

// String gives "fees_paid_for_service 12 months".
func (c Cap) String() string {
	if c.Window.Count == 0 {
		return string(c.Base)
	}
	return string(c.Base) + " " + c.Window.String()
}

func parseCap(s string) (Cap, error) {
	base, window, bounded := strings.Cut(s, " ")
	b, err := oneOf(TotalFeeOfService, FeesPaid)(base)
	if err != nil || !bounded {
		return Cap{Base: b}, err
	}
	p, err := parsePeriod(window)
	if err == nil && (p.Count == 0 || p.Unit != MonthUnit && p.Unit != NaturalMonth) {
		err = invalid(strconv.Quote(window)+" is not a number of months", `write "12 months" or "12 natural months"`)
	}
	return Cap{Base: b, Window: p}, err
}

// maxTimes keeps a penalty inside what can be meant.
const maxTimes = 100

func parseMultiple(s string) (Multiple, error) {
	text, base, found := strings.Cut(s, "x ")
	times, err := strconv.ParseUint(text, 10, 8)
	if !found || err != nil || times < 1 || times > maxTimes {
		return Multiple{}, invalid(strconv.Quote(s)+" is not a multiple", `write "2x cumulative_fee", from 1x to %dx`, maxTimes)
	}
	b, err := oneOf(CumulativeFee)(base)
	return Multiple{Times: int(times), Base: b}, err
}

// parseTiers reads tiers that join without gap or overlap, down to zero: an
// availability that fell between two of them would earn nothing unnoticed.
func parseTiers(w written) (Tiers, error) {
	if !w.isList || len(w.list) == 0 {
		return nil, invalid("one or more tiers in a list are needed", "write %s", tiersUnit)
	}
	var tiers Tiers
	for _, s := range w.list {
		t, err := parseTier(s)
		if err != nil {
			return nil, err
		}
		if n := len(tiers); n > 0 && tiers[n-1].From != t.Below {
			return nil, invalid(strconv.Quote(s)+" does not end where the tier above it begins, at "+percent(tiers[n-1].From),
				"list the tiers from the highest to the lowest, each up to where the one above begins")
		}
		tiers = append(tiers, t)
	}
	if lowest := tiers[len(tiers)-1]; lowest.From != 0 {
		return nil, invalid("no tier holds an availability below "+percent(lowest.From), "let the last tier begin at 0%%")
	}
	if !slices.IsSortedFunc(tiers, func(a, b Tier) int { return int(min(max(a.Credit-b.Credit, -1), 1)) }) {
		return nil, invalid("a lower availability earns a lower credit", "let the credits rise as the availability falls")
	}
	return tiers, nil
}

const tiersUnit = `a list, highest first, such as ["[99.00%, 99.95%) 15%", "[0%, 99.00%) 30%"]`

func parseTier(s string) (Tier, error) {
	bad := invalid(strconv.Quote(s)+" is not a tier", `write "[99.00%%, 99.95%%) 15%%": from and including, to and excluding, and the credit`)
	rest, opened := strings.CutPrefix(s, "[")
	interval, credit, closed := strings.Cut(rest, ") ")
	from, below, both := strings.Cut(interval, ", ")
	if !opened || !closed || !both {
		return Tier{}, bad
	}
	shares := make([]money.Decimal, 3)
	for i, text := range []string{from, below, credit} {
		share, err := parsePercent(text)
		if err != nil {
			return Tier{}, err
		}
		shares[i] = share
	}
	if shares[0] >= shares[1] {
		return Tier{}, invalid(strconv.Quote(s)+" is empty", "let the interval begin below its end")
	}
	return Tier{From: shares[0], Below: shares[1], Credit: shares[2]}, nil
}
