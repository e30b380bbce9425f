package terms_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
	"termwise.dev/provider"
)

// The files of the sample provider's documents that change here.
const (
	fileG    = "agreements/general-agreement.yaml"
	fileS    = "agreements/service-agreement.yaml"
	fileE    = "agreements/compute-terms.yaml"
	fileC    = "agreements/network-terms.yaml"
	fileSLA  = "agreements/network-sla.yaml"
	fileU    = "agreements/cross-border-line-copy-2.yaml"
	fileFA   = "agreements/framework-terms.yaml"
	filePage = "products/compute-payg.yaml"
	fileNet  = "products/enterprise-network.yaml"
	fileLine = "products/cross-border-line.yaml"
	fileTool = "products/architecture-designer.yaml"
)

var versionLine, announcedLine, effectiveLine = regexp.MustCompile(`(?m)^version: .*$`), regexp.MustCompile(`(?m)^announced: .*$`), regexp.MustCompile(`(?m)^effective: .*$`)

// next is a new version of a sample document, with edits: old, new, …
func next(t testing.TB, file, announced, effective string, edits ...string) *terms.Document {
	t.Helper()
	source, err := provider.Sample.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := versionLine.ReplaceAllString(string(source), `version: "2026-next"`)
	text = announcedLine.ReplaceAllString(text, "announced: "+announced)
	text = effectiveLine.ReplaceAllString(text, "effective: "+effective)
	for i := 0; i+1 < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("%s does not hold %q", file, edits[i])
		}
		text = strings.ReplaceAll(text, edits[i], edits[i+1])
	}
	d, err := terms.Parse(file, []byte(text), zone)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// publishing holds a new version, published on a day, against the sample's
// documents and an account that the framework contract names and that accepted
// some of them, by code; free makes the first compute page free.
func publishing(t testing.TB, d *terms.Document, published, accepted string, free bool) (terms.Succession, []terms.Owed) {
	t.Helper()
	var all []terms.Published
	s := terms.Succession{New: d, Published: day(published)}
	for _, old := range sample(t) {
		if free && old.ID == "page-compute-payg" {
			text := strings.ReplaceAll(string(old.Source), "price.cpu: 0.09 CNY", "price.cpu: 0 CNY")
			parsed, err := terms.Parse("free.yaml", []byte(text), zone)
			if err != nil {
				t.Fatal(err)
			}
			old = parsed
		}
		all = append(all, terms.Published{Document: old, Recorded: day("2020-01-01")})
		if old.ID == d.ID && (s.Old == nil || old.Effective > s.Old.Effective) {
			s.Old = old
		}
	}
	after, err := terms.NewCorpus(append(all, terms.Published{Document: d, Recorded: day(published)}))
	if err != nil {
		t.Fatal(err)
	}
	who := terms.Standing{Account: "northfield-a", Accounts: 1}
	for _, code := range strings.Fields(accepted) {
		who.Accepted = append(who.Accepted, accepts("2025-07-01", byCode[code])...)
	}
	owed, err := after.Owed(s, who, s.Published)
	if err != nil {
		t.Fatal(err)
	}
	return s, owed
}

// change is a case of the table below.
type change struct {
	name     string
	file     string
	accepted string
	kind     terms.ChangeKind
	edits    []string // "UNTIL" in them is the day before that on which something ends
	// It is published on a day, 1 March 2026 if none is given. early is a day on
	// which it takes effect too soon, due the first lawful one.
	published, early, due string
	clause                string // what wants the notice; "" where every document is silent
}

// TestNoticeOfChanges goes through rows 26 to 33 of the parameter matrix: each
// kind of change, by document, a day too soon and on the first lawful day. U's
// period is one month, which from 31 January ends with February.
func TestNoticeOfChanges(t *testing.T) {
	ends := []string{"by: publication", "by: publication\nuntil: UNTIL"}
	agreementEnds := []string{"by: acceptance", "by: acceptance\nuntil: UNTIL"}
	dearer := []string{"price.cpu: 0.09 CNY", "price.cpu: 0.10 CNY"}
	moves := []string{"by: publication", "by: publication\nchange: [migration]"}
	passes := []string{"\nissuer: aurora", "\nissuer: borealis"}
	fee := []string{"late_fee.rate: 0.05%/day", "late_fee.rate: 0.04%/day"}
	worded := func(old string) []string { return []string{old, "All told, " + old} }
	phase := []string{"    gpu: { base", "    vgpu: { base", "price.gpu", "price.vgpu"}
	short, allowed := map[string]bool{}, map[string]bool{}
	for _, c := range []change{
		{"26 G", fileG, "G", terms.AgreementChange, fee, "", "2026-03-30", "2026-03-31", "G 3.2.9"},
		{"26 S", fileS, "S", terms.AgreementChange, fee, "", "2026-03-30", "2026-03-31", "S 14.2"},
		{"26 E", fileE, "E", terms.AgreementChange, worded("The customer shall observe these terms"), "", "2026-03-30", "2026-03-31", "E 3.1.1"},
		{"26 C", fileC, "C", terms.AgreementChange, worded("The customer shall observe these terms"), "", "2026-03-30", "2026-03-31", "C 3.1.1"},
		{"26 C-SLA", fileSLA, "C C-SLA", terms.AgreementChange, worded("Aurora Cloud may change this agreement"), "", "2026-03-30", "2026-03-31", "C-SLA 4"},
		{"26 U", fileU, "U", terms.AgreementChange, []string{"late_fee.rate: 0.3%/day", "late_fee.rate: 0.2%/day"}, "", "2026-03-30", "2026-03-31", "U 14.2"},
		{"26 FA", fileFA, "F FA", terms.AgreementChange, []string{"late_fee.rate: 0.1%/day", "late_fee.rate: 0.2%/day"}, "", "2026-03-30", "2026-03-31", "FA 3.2.10"},

		{"29 G", filePage, "G", terms.Discontinuation, ends, "", "2026-03-30", "2026-03-31", "G 7.4"},
		{"29 S", filePage, "S", terms.Discontinuation, ends, "", "2026-03-01", "2026-03-02", "S 9.4"},
		{"29 E", filePage, "G E", terms.Discontinuation, ends, "", "2026-03-30", "2026-03-31", "E 7.2.4"},
		{"29 C", fileNet, "G C", terms.Discontinuation, ends, "", "2026-03-30", "2026-03-31", "C 6.2.4"},
		{"29 U", fileLine, "G U", terms.Discontinuation, ends, "2026-01-31", "2026-02-27", "2026-02-28", "U 10.2"},
		{"29 FA", filePage, "F FA", terms.Discontinuation, ends, "", "2026-03-30", "2026-03-31", "FA 7.4.4"},
		{"29 FA, a phase", filePage, "F FA", terms.Discontinuation, phase, "", "2026-03-30", "2026-03-31", "FA 7.4.4"},

		{"30 G", filePage, "G", terms.ServiceChange, worded("Use is metered by the second"), "", "2026-03-01", "2026-03-02", "G 7.4"},
		{"30 G, the price", filePage, "G", terms.ServiceChange, dearer, "", "2026-03-01", "2026-03-02", ""},
		{"30 S, the price", filePage, "S", terms.ServiceChange, dearer, "", "2026-03-01", "2026-03-02", "S 9.4"},
		{"30 E", filePage, "E", terms.ServiceChange, dearer, "", "2026-03-01", "2026-03-02", ""},
		{"30 C", fileNet, "C", terms.ServiceChange, worded("The enterprise network"), "", "2026-03-01", "2026-03-02", ""},
		{"30 U", fileLine, "U", terms.ServiceChange, worded("The cross-border line is"), "", "2026-03-01", "2026-03-02", "U 5.2"},
		{"30 FA", filePage, "F FA", terms.ServiceChange, dearer, "", "2026-03-01", "2026-03-02", ""},

		{"31 G", fileG, "G", terms.AgreementEnd, agreementEnds, "", "2026-03-30", "2026-03-31", "G 3.2.9"},
		{"31 S", fileS, "S", terms.AgreementEnd, agreementEnds, "", "2026-03-30", "2026-03-31", "S 9.3.4"},
		{"31 E", fileE, "E", terms.AgreementEnd, agreementEnds, "", "2026-03-30", "2026-03-31", "E 7.2.4"},
		{"31 C", fileC, "C", terms.AgreementEnd, agreementEnds, "", "2026-03-30", "2026-03-31", "C 6.2.4"},
		{"31 U", fileU, "U", terms.AgreementEnd, agreementEnds, "2026-01-31", "2026-02-27", "2026-02-28", "U 10.2"},
		{"31 FA", fileFA, "F FA", terms.AgreementEnd, []string{"until: 2026-06-03", "until: UNTIL"}, "", "2026-03-30", "2026-03-31", "FA 3.2.10"},

		{"32 G", filePage, "G", terms.Migration, moves, "", "2026-03-07", "2026-03-08", "G 3.2.8"},
		{"32 S", filePage, "S", terms.Migration, moves, "", "2026-03-01", "2026-03-02", ""},
		{"32 E", filePage, "G E", terms.Migration, moves, "", "2026-03-07", "2026-03-08", "E 3.2.6"},
		{"32 C", fileNet, "C", terms.Migration, moves, "", "2026-03-01", "2026-03-02", ""},
		{"32 U", fileLine, "U", terms.Migration, moves, "", "2026-03-01", "2026-03-02", "U 5.2"},
		{"32 FA", filePage, "F FA", terms.Migration, moves, "", "2026-03-07", "2026-03-08", "FA 3.2.8"},

		{"33 G", fileG, "G", terms.Assignment, passes, "", "2026-03-30", "2026-03-31", "G 12.2"},
		{"33 S", fileS, "S", terms.Assignment, passes, "", "2026-03-01", "2026-03-02", "S 14.3"},
		{"33 E", fileE, "E", terms.Assignment, passes, "", "2026-03-30", "2026-03-31", "E 11.2"},
		{"33 C", fileC, "C", terms.Assignment, passes, "", "2026-03-30", "2026-03-31", "C 10.2"},
		{"33 U", fileU, "U", terms.Assignment, []string{"\nissuer: northline", "\nissuer: southline"}, "", "2026-03-01", "2026-03-02", "U 14.3"},
		{"33 FA", fileFA, "F FA", terms.Assignment, passes, "", "2026-03-30", "2026-03-31", "FA 12.3"},
	} {
		t.Run(c.name, func(t *testing.T) { short[c.name], allowed[c.name] = c.check(t) })
	}
	proveChanges(t, short, allowed)
	proveServiceChanges(t, short, allowed)
}

// check says whether the change is refused by the clause when it is too early,
// and allowed on the day on which it is due.
func (c change) check(t *testing.T) (short, allowed bool) {
	t.Helper()
	err := c.publish(t, c.early)
	cited := c.clause + " ("
	if c.clause == "" {
		cited = "is silent on this, which means prior notice"
	}
	short = refusal.CodeOf(err) == refusal.NoticeTooShort && strings.Contains(err.Error(), cited) && strings.Contains(err.Error(), string(c.kind))
	if !short {
		t.Errorf("on %s: %v", c.early, err)
	}
	err = c.publish(t, c.due)
	if err != nil {
		t.Errorf("on %s: %v", c.due, err)
	}
	return short, err == nil
}

// publish says why the change may not be published that takes effect on a day.
func (c change) publish(t *testing.T, at string) error {
	t.Helper()
	effective, edits := at, append([]string{}, c.edits...)
	for i := range edits {
		if strings.Contains(edits[i], "UNTIL") { // the version takes effect before, and brings the end
			effective = "2026-01-15"
			edits[i] = strings.ReplaceAll(edits[i], "UNTIL", (zone.Day(day(at)) - 1).String())
		}
	}
	d := next(t, c.file, "2026-01-10", effective, edits...)
	published := c.published
	if published == "" {
		published = "2026-03-01"
	}
	s, owed := publishing(t, d, published, c.accepted, false)
	if !slices.ContainsFunc(owed, func(o terms.Owed) bool { return o.Kind == c.kind }) {
		t.Errorf("no notice of the kind %s is owed, but %v", c.kind, owed)
	}
	_, err := s.Check(owed, zone, nil)
	return err
}

// proveChanges proves the clauses on changes of agreements, their end and their
// transfer.
func proveChanges(t *testing.T, short, allowed map[string]bool) {
	clausetest.Executes(t, "G 3.2.9", short["26 G"])
	clausetest.Refrains(t, "G 3.2.9", allowed["26 G"])
	clausetest.Executes(t, "S 14.2", short["26 S"])
	clausetest.Refrains(t, "S 14.2", allowed["26 S"])
	clausetest.Executes(t, "E 3.1.1", short["26 E"])
	clausetest.Refrains(t, "E 3.1.1", allowed["26 E"])
	clausetest.Executes(t, "C 3.1.1", short["26 C"])
	clausetest.Refrains(t, "C 3.1.1", allowed["26 C"])
	clausetest.Executes(t, "C-SLA 4", short["26 C-SLA"])
	clausetest.Refrains(t, "C-SLA 4", allowed["26 C-SLA"])
	clausetest.Executes(t, "U 14.2", short["26 U"])
	clausetest.Refrains(t, "U 14.2", allowed["26 U"])
	clausetest.Executes(t, "FA 3.2.10", short["26 FA"])
	clausetest.Refrains(t, "FA 3.2.10", allowed["26 FA"])

	clausetest.Executes(t, "S 9.3.4b", short["31 S"])
	clausetest.Refrains(t, "S 9.3.4b", allowed["31 S"])
	clausetest.Executes(t, "E 7.2.4b", short["31 E"] && short["29 E"])
	clausetest.Refrains(t, "E 7.2.4b", allowed["31 E"] && allowed["29 E"])
	clausetest.Executes(t, "C 6.2.4b", short["31 C"] && short["29 C"])
	clausetest.Refrains(t, "C 6.2.4b", allowed["31 C"] && allowed["29 C"])
	clausetest.Executes(t, "U 10.2", short["31 U"] && short["29 U"])
	clausetest.Refrains(t, "U 10.2", allowed["31 U"] && allowed["29 U"])

	clausetest.Executes(t, "G 12.2", short["33 G"])
	clausetest.Refrains(t, "G 12.2", allowed["33 G"])
	clausetest.Executes(t, "S 14.3", short["33 S"])
	clausetest.Refrains(t, "S 14.3", allowed["33 S"])
	clausetest.Executes(t, "E 11.2", short["33 E"])
	clausetest.Refrains(t, "E 11.2", allowed["33 E"])
	clausetest.Executes(t, "C 10.2", short["33 C"])
	clausetest.Refrains(t, "C 10.2", allowed["33 C"])
	clausetest.Executes(t, "U 14.3", short["33 U"])
	clausetest.Refrains(t, "U 14.3", allowed["33 U"])
	clausetest.Executes(t, "FA 12.3", short["33 FA"])
	clausetest.Refrains(t, "FA 12.3", allowed["33 FA"])
}

// proveServiceChanges proves the clauses on the end, the change and the move of
// services.
func proveServiceChanges(t *testing.T, short, allowed map[string]bool) {
	clausetest.Executes(t, "G 7.4a", short["29 G"] && short["30 G"])
	clausetest.Refrains(t, "G 7.4a", allowed["29 G"] && allowed["30 G"])
	clausetest.Executes(t, "S 9.4", short["29 S"] && short["30 S, the price"])
	clausetest.Refrains(t, "S 9.4", allowed["29 S"] && allowed["30 S, the price"])
	clausetest.Executes(t, "U 5.2", short["30 U"] && short["32 U"])
	clausetest.Refrains(t, "U 5.2", allowed["30 U"] && allowed["32 U"])
	clausetest.Executes(t, "FA 7.4.4b", short["29 FA"] && short["29 FA, a phase"])
	clausetest.Refrains(t, "FA 7.4.4b", allowed["29 FA"] && allowed["29 FA, a phase"])
	clausetest.Executes(t, "G 3.2.8", short["32 G"])
	clausetest.Refrains(t, "G 3.2.8", allowed["32 G"])
	clausetest.Executes(t, "E 3.2.6", short["32 E"])
	clausetest.Refrains(t, "E 3.2.6", allowed["32 E"])
	clausetest.Executes(t, "FA 3.2.8", short["32 FA"])
	clausetest.Refrains(t, "FA 3.2.8", allowed["32 FA"])
}

// TestNoticeOfTheEndOfFreeUse is row 28: a notice that is to be given as well as
// can be done is flagged where it falls short, and never refused. Where a document
// is silent, the end of free use is a change of the service.
func TestNoticeOfTheEndOfFreeUse(t *testing.T) {
	charge := func(accepted, at string) ([]string, error) {
		s, owed := publishing(t, next(t, filePage, "2026-01-10", at), "2026-03-01", accepted, true)
		if len(owed) != 1 || owed[0].Kind != terms.FreeUseEnds {
			t.Fatalf("%s: owed %v", accepted, owed)
		}
		warnings, err := s.Check(owed, zone, nil)
		return warnings, err
	}
	flagged := func(accepted, at, clause string) bool {
		warnings, err := charge(accepted, at)
		return err == nil && len(warnings) == 1 && strings.Contains(warnings[0], clause+" (")
	}
	silent := func(accepted, at string) bool {
		warnings, err := charge(accepted, at)
		return err == nil && len(warnings) == 0
	}
	clausetest.Executes(t, "G 2.5b", flagged("G", "2026-03-01", "G 2.5"))
	clausetest.Refrains(t, "G 2.5b", silent("G", "2026-03-02"))
	clausetest.Executes(t, "FA 2.5b", flagged("F FA", "2026-03-10", "FA 2.5"))
	clausetest.Refrains(t, "FA 2.5b", silent("F FA", "2026-03-11"))
	for accepted, clause := range map[string]string{"S": "S 9.4 (", "E": "spec_change.notice is silent"} {
		_, err := charge(accepted, "2026-03-01")
		wantRefusal(t, err, refusal.NoticeTooShort, clause, "free_quota")
		if !silent(accepted, "2026-03-02") {
			t.Errorf("%s: a day later it is refused", accepted)
		}
	}
}

// TestContentNeedsNoNotice changes the page of the designer: its words may change
// at any time, its price may not.
func TestContentNeedsNoNotice(t *testing.T) {
	worded := next(t, fileTool, "2026-01-10", "2026-03-01", "text: >-\n      ", "text: >-\n      Now: ")
	_, owed := publishing(t, worded, "2026-03-01", "S S-CADT", false)
	clausetest.Executes(t, "S-CADT 3", len(owed) == 0)
	_, owed = publishing(t, worded, "2026-03-01", "S", false)
	clausetest.Refrains(t, "S-CADT 3", len(owed) == 1 && owed[0].Clause.Code == "S")
}
