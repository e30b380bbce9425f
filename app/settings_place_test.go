package app_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

const soundSettings = `name: Aurora Cloud
currency: CNY
zone: UTC+8
sellers:
  - id: aurora
    name: Aurora Cloud
calendar: calendar.yaml
documents: [documents]
`

const soundCalendar = `version: "1"
zone: UTC+8
source: a test
announced: [2026]
holidays:
  - { from: 2026-01-01, to: 2026-01-03, name: New Year, chinese: 元旦 }
make_up_days:
  - { day: 2026-01-04, for: New Year }
`

const soundDocument = `document: d
code: D
version: "1"
kind: general
title: D
issuer: aurora
by: acceptance
announced: 2025-05-01
effective: 2025-06-01
clauses:
  - { id: "1", text: Words., declaratory: words }
`

// loads reads a provider's folder of three files.
func loads(settings, calendar, document string) error {
	_, err := app.FolderCoverage(fstest.MapFS{
		"provider.yaml": {Data: []byte(settings)}, "calendar.yaml": {Data: []byte(calendar)}, "documents/d.yaml": {Data: []byte(document)},
	})
	return err
}

// TestFaultsOfAFolderHavePlaces: what is wrong with a provider's own files is
// refused with file, line and column, and what to do.
func TestFaultsOfAFolderHavePlaces(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"name: Aurora Cloud\ncurrency", "currency", "provider.yaml: the settings have no name; name the provider"},
		{"CNY", "yuan", `provider.yaml:2:11: "yuan" is not a currency; write the three letters of ISO 4217, for example CNY`},
		{"UTC+8\nsellers", "Beijing\nsellers", `provider.yaml:3:7: "Beijing" is not a zone; write UTC+8, with whole hours from -12 to +14`},
		{"sellers:\n  - id: aurora\n    name: Aurora Cloud\n", "sellers: []\n", "provider.yaml:4:10: the settings name no seller; name at least one seller"},
		{"calendar: calendar", "  - { id: aurora, name: Again }\ncalendar: calendar", `provider.yaml:7:11: seller "aurora" cannot be told from the others; give each seller an id of its own and a name`},
		{"currency:", "curency:", `provider.yaml:2:1: unknown field "curency"; correct the file`},
		{"zone: UTC+8\nsellers", "zone: [UTC+8\nsellers", "provider.yaml:4:1: ',' or ']' must be specified; correct the file"},
		{"calendar: calendar.yaml", "calendar: absent.yaml", `provider.yaml:7:11: the table of working days "absent.yaml" cannot be read: open absent.yaml: file does not exist; name a file of the folder under calendar`},
		{"documents: [documents]", "documents: [documents, documentz]", `provider.yaml:8:24: there is no folder "documentz"; name a folder that is beside the settings`},
		{"[2026]", "[two]", "calendar.yaml:4:13: cannot unmarshal string into Go struct field workingDaysYAML.Announced of type int; correct the file"},
		{"from: 2026-01-01", "from: 2026-02-30", `calendar.yaml:6:13: "2026-02-30" is not a date; write it as 2026-01-31`},
		{"to: 2026-01-03", "to: soon", `calendar.yaml:6:29: "soon" is not a date; write it as 2026-01-31`},
		{"to: 2026-01-03", "to: 2025-01-03", "calendar.yaml:6:29: a holiday from 2026-01-01 to 2025-01-03; let it end on its first day or at most 60 days later"},
		{"to: 2026-01-03", "to: 2036-01-03", "calendar.yaml:6:29: a holiday from 2026-01-01 to 2036-01-03; let it end on its first day or at most 60 days later"},
		{"from: 2026-01-01, to: 2026-01-03", "from: 2027-01-01, to: 2027-01-01", "calendar.yaml:6:13: holiday 2027-01-01 lies in a year that is not announced; add its year to the table"},
		{"day: 2026-01-04", "day: January", `calendar.yaml:8:12: "January" is not a date; write it as 2026-01-31`},
		{"day: 2026-01-04", "day: 2026-01-05", "calendar.yaml:8:12: make-up day 2026-01-05 is a Monday, which is worked anyway; give the weekend day that is worked"},
		{"day: 2026-01-04", "day: 2026-01-03", "calendar.yaml:8:12: 2026-01-03 is both a holiday and a make-up day; keep one of the two"},
		{"issuer: aurora", "issuer: borealis", `documents/d.yaml:6:9: the issuer "borealis" is not a seller of the provider; name it under sellers in provider.yaml`},
	} {
		files := []string{soundSettings, soundCalendar, soundDocument}
		found := false
		for i := range files {
			if !found && strings.Contains(files[i], tt.old) {
				files[i], found = strings.Replace(files[i], tt.old, tt.new, 1), true
			}
		}
		if !found {
			t.Fatalf("nothing says %q", tt.old)
		}
		if err := loads(files[0], files[1], files[2]); err == nil || err.Error() != tt.want {
			t.Errorf("%q: got\n%v\nwant\n%s", tt.new, err, tt.want)
		}
	}
	if err := loads(soundSettings, soundCalendar, soundDocument); err != nil {
		t.Errorf("a folder in order: %v", err)
	}
}

// FuzzFolder looks for settings and calendars that panic, or are refused without
// a code, a place or a hint.
func FuzzFolder(f *testing.F) {
	f.Add(soundSettings, soundCalendar)
	f.Add("a: &a [*a]", "holidays: [{ from: 2026-01-01, to: 9999-01-01 }]")
	f.Add(soundSettings, "announced: [99999999999]")
	f.Add("sellers: {}", "")
	f.Fuzz(func(t *testing.T, settings, calendar string) {
		err := loads(settings, calendar, soundDocument)
		if err == nil {
			return
		}
		all := []error{err}
		if joined, is := err.(interface{ Unwrap() []error }); is {
			all = joined.Unwrap()
		}
		for _, fault := range all {
			r, is := fault.(*refusal.Error)
			if !is || r.Code == "" || r.Place == "" || r.Hint == "" {
				t.Fatalf("a fault without code, place or hint: %#v", fault)
			}
		}
	})
}
