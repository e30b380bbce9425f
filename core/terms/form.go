package terms

import (
	"slices"
	"strconv"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

// written is a value as a document writes it: a scalar or a list of scalars.
type written struct {
	scalar string
	list   []string
	isList bool
}

func (w written) text() string {
	if w.isList {
		return strings.Join(w.list, ", ")
	}
	return w.scalar
}

// form is how values of one type are written. parse and format are inverse up
// to spelling, so that two values are equal exactly when format gives one text.
type form[T any] struct {
	typ, unit string // in words
	parse     func(written) (T, error)
	format    func(T) string
}

func scalar[T any](typ, unit string, parse func(string) (T, error), format func(T) string) form[T] {
	return form[T]{typ: typ, unit: unit, format: format, parse: func(w written) (T, error) {
		if w.isList {
			var zero T
			return zero, invalid("a list stands where one value belongs", "write one value: %s", unit)
		}
		return parse(w.scalar)
	}}
}

// list makes the form of a set of words. The value is sorted, because the order
// in which an agreement lists alternatives ranks nothing.
func list[T ~string](typ, unit string, word func(string) (T, error)) form[[]T] {
	parse := func(w written) ([]T, error) {
		if !w.isList || len(w.list) == 0 {
			return nil, invalid("one or more values in a list are needed", "write %s", unit)
		}
		var out []T
		for _, s := range w.list {
			v, err := word(s)
			if err != nil {
				return nil, err
			}
			if slices.Contains(out, v) {
				return nil, invalid(strconv.Quote(s)+" is listed twice", "list it once")
			}
			out = append(out, v)
		}
		slices.Sort(out)
		return out, nil
	}
	format := func(vs []T) string { return join(vs, ", ") }
	return form[[]T]{typ: typ, unit: unit, parse: parse, format: format}
}

// oneOf reads one of a closed set of words.
func oneOf[T ~string](words ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		if slices.Contains(words, T(s)) {
			return T(s), nil
		}
		names := strings.Split(join(words, "|"), "|")
		return "", invalid(strconv.Quote(s)+" is not one of the values", "%s", suggest(s, names))
	}
}

func enum[T ~string](words ...T) form[T] {
	text := func(v T) string { return string(v) }
	return scalar("one word", join(words, " | "), oneOf(words...), text)
}

// wordList makes the form of a list of some of a closed set of words.
func wordList[T ~string](typ string, words ...T) form[[]T] {
	return list(typ, "a list of "+join(words, ", "), oneOf(words...))
}

func join[T ~string](words []T, separator string) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, separator)
}

// The forms in which values are written.
var (
	roundingForm     = enum(money.HalfUp, money.HalfEven, money.Down, money.Up)
	cycleForm        = enum(Hourly, Daily, Monthly)
	intervalsForm    = enum(EndAfterStart)
	paymentOrderForm = enum(PrincipalFirst, LateFeeFirst)
	feeMethodForm    = enum(Simple, Compound)
	firstDayForm     = enum(DayAfterDue, DueDay)
	feeBaseForm      = enum(OutstandingAtDayEnd, OutstandingAtDayStart)
	resumeForm       = enum(Principal, PrincipalAndFees)
	gateForm         = enum(NoOverduePayables)
	dissentForm      = enum(ContinuedUseAccepts)

	boolForm      = scalar("yes or no", "true | false", parseBool, strconv.FormatBool)
	daysForm      = scalar("natural days", `days, written "30 days"`, parseDays, Days.String)
	durationForm  = scalar("length of time", `days, hours, minutes or seconds, written "24 hours"`, parseDuration, formatDuration)
	dailyRateForm = scalar("rate per day", `percent per day, written "0.05%/day"`, parseDailyRate, formatDailyRate)
	priceForm     = scalar("price", `money per priced unit, written "0.09 CNY per vCPU·hour"`, parsePrice, Price.String)

	identifiersForm     = list("identifiers", "a list such as [bank_transfer, card]", parseIdentifier)
	cyclesForm          = wordList("billing cycles", Hourly, Daily, Monthly)
	acceptanceFormsForm = wordList("forms of acceptance", Click, Purchase, Use, Stamp, Mail)
	channelsForm        = wordList("notice channels", "site", "message", "email", "sms", "paper")
)

func invalid(message, hint string, args ...any) *refusal.Error {
	return refusal.New(refusal.BadInput, "%s", message).Do(hint, args...)
}

func parseBool(s string) (bool, error) {
	if s != "true" && s != "false" {
		return false, invalid(strconv.Quote(s)+" is not true or false", "write true or false")
	}
	return s == "true", nil
}

func parseIdentifier(s string) (string, error) {
	if !isIdentifier(s) {
		return "", invalid(strconv.Quote(s)+" is not an identifier", "use lower-case letters, digits and underscores, starting with a letter")
	}
	return s, nil
}

// String gives "30 days".
func (d Days) String() string { return plural(int64(d), "day") }

// maxDays keeps day arithmetic inside the calendar: a hundred years is longer than any notice.
const maxDays = 36_525

func parseDays(s string) (Days, error) {
	n, unit, ok := countAndUnit(s)
	if !ok || unit != "day" {
		return 0, invalid(strconv.Quote(s)+" is not a number of days", `write "30 days"`)
	}
	if n > maxDays {
		return 0, invalid(strconv.Quote(s)+" is more than a hundred years", "give at most %d days", maxDays)
	}
	return Days(n), nil
}

// durationUnits are ordered from long to short, as formatDuration needs them. A
// day is 24 hours here; what runs by legal days has the type Days.
var durationUnits = []struct {
	name   string
	length calendar.Duration
}{
	{"day", calendar.DayLength},
	{"hour", calendar.HourLength},
	{"minute", calendar.Minute},
	{"second", calendar.Second},
}

func parseDuration(s string) (calendar.Duration, error) {
	n, unit, ok := countAndUnit(s)
	for _, u := range durationUnits {
		if !ok || unit != u.name {
			continue
		}
		if n > int64(maxDays*calendar.DayLength/u.length) {
			return 0, invalid(strconv.Quote(s)+" is more than a hundred years", "give at most %d days", maxDays)
		}
		return calendar.Duration(n) * u.length, nil
	}
	return 0, invalid(strconv.Quote(s)+" is not a length of time", `write "24 hours" or "15 days"; a month has no fixed length`)
}

func formatDuration(d calendar.Duration) string {
	for _, u := range durationUnits {
		if d != 0 && d%u.length == 0 {
			return plural(int64(d/u.length), u.name)
		}
	}
	return "0 hours"
}

// countAndUnit splits "24 hours" into 24 and "hour".
func countAndUnit(s string) (n int64, unit string, ok bool) {
	number, unit, found := strings.Cut(s, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil || n < 0 || number[0] == '+' {
		return 0, "", false
	}
	return n, strings.TrimSuffix(unit, "s"), true
}

func plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.FormatInt(n, 10) + " " + unit + "s"
}

func parseDailyRate(s string) (money.Decimal, error) {
	percent, found := strings.CutSuffix(s, "/day")
	if !found || !strings.HasSuffix(percent, "%") {
		return 0, invalid(strconv.Quote(s)+" is not a percentage per day", `write "0.05%%/day"`)
	}
	rate, err := money.ParseDecimal(percent)
	if err != nil {
		return 0, err
	}
	if rate < 0 || rate > money.DecimalScale {
		return 0, invalid(strconv.Quote(s)+" is not between 0%/day and 100%/day", "give a rate between them")
	}
	return rate, nil
}

// formatDailyRate writes the rate as a fraction: it is compared, not printed.
func formatDailyRate(rate money.Decimal) string { return rate.String() + "/day" }

// String gives "0.09 CNY per vCPU·hour".
func (p Price) String() string {
	return p.Amount.String() + " " + string(p.Currency) + " per " + p.Per
}

func parsePrice(s string) (Price, error) {
	amount, rest, _ := strings.Cut(s, " ")
	currency, unit, found := strings.Cut(rest, " per ")
	if !found || !isCurrency(currency) || unit == "" || unit != strings.TrimSpace(unit) {
		return Price{}, invalid(strconv.Quote(s)+" is not a price", `write "0.09 CNY per vCPU·hour"`)
	}
	d, err := money.ParseDecimal(amount)
	if err != nil {
		return Price{}, err
	}
	if d < 0 || strings.HasSuffix(amount, "%") {
		return Price{}, invalid(strconv.Quote(s)+" is not a price of zero or more", "give an amount of money that is not negative")
	}
	return Price{Amount: d, Currency: money.Currency(currency), Per: unit}, nil
}
