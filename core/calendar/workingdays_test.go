package calendar_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// table is the form of the sample provider's calendar.
type table struct {
	Version   string `yaml:"version"`
	Zone      string `yaml:"zone"`
	Source    string `yaml:"source"`
	Announced []int  `yaml:"announced"`
	Holidays  []struct {
		From    string `yaml:"from"`
		To      string `yaml:"to"`
		Name    string `yaml:"name"`
		Chinese string `yaml:"chinese"`
	} `yaml:"holidays"`
	MakeUpDays []struct {
		Day string `yaml:"day"`
		For string `yaml:"for"`
	} `yaml:"make_up_days"`
}

func readTable(t *testing.T) table {
	t.Helper()
	source, err := os.ReadFile("../../provider/calendar.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var read table
	if err := yaml.UnmarshalWithOptions(source, &read, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return read
}

func sampleDays(t *testing.T) *calendar.WorkingDays {
	t.Helper()
	read := readTable(t)
	var holidays, makeUps []calendar.Day
	for _, h := range read.Holidays {
		for d := mustDay(t, h.From); d <= mustDay(t, h.To); d++ {
			holidays = append(holidays, d)
		}
	}
	for _, m := range read.MakeUpDays {
		makeUps = append(makeUps, mustDay(t, m.Day))
	}
	days, err := calendar.NewWorkingDays(read.Announced, holidays, makeUps)
	if err != nil {
		t.Fatal(err)
	}
	return days
}

func TestFifthWorkingDaysOf2026(t *testing.T) {
	days := sampleDays(t)
	want := "01-08 02-06 03-06 04-08 05-11 06-05 07-07 08-07 09-07 10-13 11-06 12-07"
	var got []string
	for month := mustDay(t, "2026-01-01").Month(); month <= mustDay(t, "2026-12-01").Month(); month++ {
		fifth, err := days.Nth(month, 5)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fifth.String()[len("2026-"):])
	}
	if strings.Join(got, " ") != want {
		t.Errorf("fifth working days of 2026:\n got %s\nwant %s", strings.Join(got, " "), want)
	}
}

// The table counts by holiday: a range that is turned round, or a make-up day
// for a holiday that is not in its year, would be a slip of the pen.
func TestSampleTableIsConsistent(t *testing.T) {
	read := readTable(t)
	if read.Version == "" || read.Source == "" {
		t.Error("the table does not say its version and source")
	}
	names := map[string]bool{}
	for _, h := range read.Holidays {
		if mustDay(t, h.From) > mustDay(t, h.To) || h.Name == "" || h.Chinese == "" {
			t.Errorf("holiday %+v is turned round or has no name", h)
		}
		names[h.From[:4]+" "+h.Name] = true
	}
	for _, m := range read.MakeUpDays {
		if !names[m.Day[:4]+" "+m.For] {
			t.Errorf("make-up day %s is for %q, which is no holiday of that year", m.Day, m.For)
		}
	}
}

func TestIsWorking(t *testing.T) {
	days := sampleDays(t)
	tests := []struct {
		day     string
		working bool
		code    refusal.Code
	}{
		{day: "2026-01-01", working: false}, // a Thursday, holiday
		{day: "2026-01-04", working: true},  // a Sunday, made up
		{day: "2026-01-05", working: true},
		{day: "2026-01-10", working: false}, // an ordinary Saturday
		{day: "2025-01-26", working: true},  // a Sunday, made up
		{day: "2025-10-08", working: false},
		{day: "2024-12-31", code: refusal.TermMissing},
		{day: "2027-01-04", code: refusal.TermMissing},
	}
	for _, tt := range tests {
		got, err := days.IsWorking(mustDay(t, tt.day))
		if refusal.CodeOf(err) != tt.code || got != tt.working {
			t.Errorf("%s: working %t, %v; want %t with code %q", tt.day, got, err, tt.working, tt.code)
		}
	}
}

func TestNthRefusals(t *testing.T) {
	days := sampleDays(t)
	tests := []struct {
		month string
		n     int
		code  refusal.Code
	}{
		{"2026-02", 16, ""}, // 28 days, less 8 weekend days and 6 weekdays of holiday, and 2 made up
		{"2026-02", 17, refusal.BadInput},
		{"2026-02", 0, refusal.BadInput},
		{"2026-02", -1, refusal.BadInput},
		{"2027-01", 5, refusal.TermMissing},
	}
	for _, tt := range tests {
		month, err := calendar.ParseMonth(tt.month)
		if err != nil {
			t.Fatal(err)
		}
		if day, err := days.Nth(month, tt.n); refusal.CodeOf(err) != tt.code {
			t.Errorf("working day %d of %s: %s, %v; want code %q", tt.n, tt.month, day, err, tt.code)
		}
	}
}

func TestNewWorkingDaysRefusals(t *testing.T) {
	years := []int{2026}
	day := func(text string) []calendar.Day { return []calendar.Day{mustDay(t, text)} }
	tests := []struct {
		name              string
		holidays, makeUps []calendar.Day
		mentions          string
	}{
		{"holiday in another year", day("2027-01-01"), nil, "2027-01-01"},
		{"make-up day in another year", nil, day("2027-01-02"), "2027-01-02"},
		{"both at once", day("2026-01-04"), day("2026-01-04"), "both"},
		{"make-up day on a weekday", nil, day("2026-01-05"), "Monday"},
	}
	for _, tt := range tests {
		_, err := calendar.NewWorkingDays(years, tt.holidays, tt.makeUps)
		if refusal.CodeOf(err) != refusal.BadInput || !strings.Contains(err.Error(), tt.mentions) {
			t.Errorf("%s: error %v, want code %s and the word %q", tt.name, err, refusal.BadInput, tt.mentions)
		}
	}
	if _, err := calendar.NewWorkingDays(years, day("2026-01-01"), day("2026-01-04")); err != nil {
		t.Errorf("a good table is refused: %v", err)
	}
}

// The n-th working day is a working day with exactly n-1 before it in its month.
func TestNthCounts(t *testing.T) {
	days := sampleDays(t)
	rapid.Check(t, func(t *rapid.T) {
		year, month := rapid.IntRange(2025, 2026).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month")
		n := rapid.IntRange(1, 14).Draw(t, "n")
		m, err := calendar.ParseMonth(fmt.Sprintf("%04d-%02d", year, month))
		if err != nil {
			t.Fatal(err)
		}
		nth, err := days.Nth(m, n)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for d := m.First(); d <= nth; d++ {
			working, err := days.IsWorking(d)
			if err != nil {
				t.Fatal(err)
			}
			if working {
				count++
			}
		}
		if working, _ := days.IsWorking(nth); !working || count != n || nth.Month() != m {
			t.Fatalf("working day %d of %s is said to be %s, which is number %d", n, m, nth, count)
		}
	})
}

// With a year that has no holidays, working days are Monday to Friday.
func TestPlainYear(t *testing.T) {
	days, err := calendar.NewWorkingDays([]int{2023}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for d := mustDay(t, "2023-01-01"); d <= mustDay(t, "2023-12-31"); d++ {
		working, err := days.IsWorking(d)
		want := d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
		if err != nil || working != want {
			t.Fatalf("%s, a %s: working %t, %v", d, d.Weekday(), working, err)
		}
	}
}

func mustDay(t *testing.T, text string) calendar.Day {
	t.Helper()
	day, err := calendar.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}
