package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
)

// acceptsBy records an acceptance by account c.
func acceptsBy(a *app.App, form terms.AcceptanceForm, signed string, documents ...string) (app.AccountView, error) {
	n := app.NewAcceptance{Documents: documents, Form: form}
	if signed != "" {
		n.Signed = instant(signed)
	}
	return a.Accept(context.Background(), "c", n, "", "the owner")
}

// TestFormsOfAcceptance: each of the three acts by hand that the general agreement
// lists accepts it, in the version in force at that instant; another does not, and
// use is not recorded by hand. What is kept is the act, the version, its text, the instant and who acted.
func TestFormsOfAcceptance(t *testing.T) {
	for _, form := range terms.Forms() {
		t.Run(string(form), func(t *testing.T) {
			a := customer(t, withDocuments(t, nil))
			advance(t, a, "2026-01-01T12:00:00+08:00")
			v, err := acceptsBy(a, form, "", theGeneral)
			if form == terms.Mail { // the service agreement lists it
				clausetest.Refrains(t, "G 0.3", refusal.CodeOf(err) == refusal.BadInput && strings.Contains(err.Error(), "G 0.3"))
				v, err = acceptsBy(a, form, "", service)
				must(t, err)
				clausetest.Executes(t, "S 0.3", len(v.Accepted) == 1 && v.Accepted[0].Form == "mail")
				return
			}
			if form == terms.Use {
				if refusal.CodeOf(err) != refusal.BadInput || !strings.Contains(err.Error(), "use is recorded as usage is reported") {
					t.Error(err)
				}
				return
			}
			must(t, err)
			d, err := a.Document(context.Background(), theGeneral, "")
			must(t, err)
			got := v.Accepted[0]
			want := app.AcceptanceView{
				ID: got.ID, Document: theGeneral, Version: "2025-06", Form: string(form), Actor: "the owner",
				At: "2026-01-01T12:00:00+08:00", Recorded: "2026-01-01T12:00:00+08:00", TextHash: d.Hash,
			}
			clausetest.Executes(t, "G 0.3", len(v.Accepted) == 1 && got == want)
			x := explained(t, a, got.ID)
			clausetest.Applies(t, &x, "G 0.3")
			again, err := acceptsBy(a, form, "", theGeneral)
			must(t, err)
			if len(again.Accepted) != 1 {
				t.Errorf("accepted again in the same form: %+v", again.Accepted)
			}
		})
	}
}

// TestAFormOfItsOwnIsKept: a paper that is stamped after the click is another act.
func TestAFormOfItsOwnIsKept(t *testing.T) {
	a := customer(t, withDocuments(t, nil), theGeneral)
	advance(t, a, "2026-01-05T00:00:00+08:00")
	v, err := acceptsBy(a, terms.Stamp, "2026-01-03T10:00:00+08:00", theGeneral)
	must(t, err)
	if len(v.Accepted) != 2 {
		t.Fatalf("%+v", v.Accepted)
	}
	if got := v.Accepted[1]; got.At != "2026-01-03T10:00:00+08:00" || got.Recorded != "2026-01-05T00:00:00+08:00" {
		t.Errorf("%+v", got)
	}
}

func TestAcceptanceIsRefused(t *testing.T) {
	ahead := strings.NewReplacer("announced: 2025-05-01", "announced: 2026-01-10", "effective: 2025-06-01", "effective: 2026-02-01").
		Replace(small("contract", "Z", "stamped", "acceptance", "late_fee.rate: 0.1%/day"))
	folder := withDocuments(t, map[string]string{"agreements/z.yaml": ahead, "agreements/x.yaml": small("annex", "X", "annex", "acceptance", "late_fee.rate: 0.2%/day")})
	a := customer(t, folder)
	advance(t, a, "2026-01-20T00:00:00+08:00")
	tests := []struct {
		name      string
		form      terms.AcceptanceForm
		signed    string
		documents []string
		code      refusal.Code
		part      string
	}{
		{"a form that does not exist", "nod", "", []string{theGeneral}, refusal.BadInput, "form: "},
		{"use, with a date", terms.Use, "2026-01-19T00:00:00+08:00", []string{theGeneral}, refusal.BadInput, "form: "},
		{"going on", terms.ContinuedUse, "", []string{theGeneral}, refusal.BadInput, "use is recorded as usage is reported"},
		{"no form", "", "", []string{theGeneral}, refusal.BadInput, "form: "},
		{"a click in the past", terms.Click, "2026-01-19T00:00:00+08:00", []string{theGeneral}, refusal.BadInput, "signed: "},
		{"a signature to come", terms.Stamp, "2026-01-20T00:00:01+08:00", []string{theGeneral}, refusal.BadInput, "still to come"},
		{"before the agreement was announced", terms.Stamp, "2025-04-30T23:59:59+08:00", []string{theGeneral}, refusal.NotFound, theGeneral},
		{"before the contract was announced", terms.Stamp, "2026-01-09T23:59:59+08:00", []string{"contract"}, refusal.NotFound, "contract"},
		{"a click on what is only announced", terms.Click, "", []string{theGeneral, "contract"}, refusal.NotFound, "contract"},
		{"a document that does not exist", terms.Click, "", []string{"handshake"}, refusal.NotFound, "handshake"},
		{"a form that the terms do not list", terms.Purchase, "", []string{computeTerms}, refusal.BadInput, "E 0.1"},
		{"an annex that is accepted by nothing", terms.Click, "", []string{"annex"}, refusal.NotAccepted, ""},
		{"an annex in a form that its agreement does not list", terms.Mail, "", []string{"annex", theGeneral}, refusal.BadInput, "G 0.3"},
		{"a contract with others", terms.Stamp, "", []string{"framework-contract"}, refusal.BadInput, "framework-contract 2025-06-03 names the accounts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := acceptsBy(a, tt.form, tt.signed, tt.documents...)
			if refusal.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.part) {
				t.Errorf("got %v, want %s with %q", err, tt.code, tt.part)
			}
		})
	}
	v, err := a.Account(context.Background(), "c")
	must(t, err)
	if len(v.Accepted) != 0 {
		t.Errorf("what is refused was recorded: %+v", v.Accepted)
	}
	// On paper what is announced can be signed before it takes effect.
	must(t, clicks(context.Background(), a, "c", []string{theGeneral}, "test"))
	_, err = acceptsBy(a, terms.Stamp, "2026-01-10T00:00:00+08:00", "contract")
	must(t, err)
	for at, want := range map[string]string{"2026-01-31T23:59:59+08:00": "0.05%/day", "2026-02-01T00:00:00+08:00": "0.1%/day"} {
		r, err := a.Resolve(context.Background(), app.Question{Key: "late_fee.rate", Account: "c", Product: "compute-payg", At: instant(at)})
		must(t, err)
		if r.Value != want {
			t.Errorf("at %s the rate is %s, want %s", at, r.Value, want)
		}
	}
}

// TestASignatureInThePast records, on 2 January, a contract that was signed
// before New Year and halves the price. What was billed until then stays; what is
// settled afterwards, of whatever hour, knows the contract.
func TestASignatureInThePast(t *testing.T) {
	half := small("contract", "Z", "stamped", "acceptance", "price.cpu: 0.045 CNY per vCPU·hour, acceptance.forms: [stamp]")
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := open(t, freshURL(t, url))
		must(t, a.Init(ctx, true, instant(traceStart)))
		_, err := a.Publish(ctx, withDocuments(t, map[string]string{"agreements/z.yaml": half}))
		must(t, err)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: []string{theGeneral}}, "test"))
		putMoney(t, a, "c", "10.00", "first")
		at := func(hour int) string {
			return instant(traceStart).Add(calendar.Duration(hour) * calendar.HourLength).String()
		}

		sendAll(t, a, usage("c", "pod", "in time", 1000, at(0), at(1)))
		advance(t, a, at(24))
		_, err = acceptsBy(a, terms.Stamp, "2025-12-20T00:00:00+08:00", "contract")
		must(t, err)
		sendAll(t, a, usage("c", "pod", "late", 1000, at(5), at(6)), usage("c", "pod", "after", 1000, at(24), at(25)))
		advance(t, a, at(26))

		lines, _, err := a.StatementLines(ctx, "c", month("2026-01"), 0, "", 10)
		must(t, err)
		var got []money.Amount
		for _, l := range lines {
			got = append(got, l.Amount)
		}
		if want := []money.Amount{90_000, 45_000, 45_000}; !slices.Equal(got, want) {
			t.Errorf("charged %v, want %v", got, want)
		}
		// As it was known on 1 January, nothing but the general agreement bound.
		for known, want := range map[string]string{at(23): "0.09 CNY per vCPU·hour", at(24): "0.045 CNY per vCPU·hour"} {
			r, err := a.Resolve(ctx, app.Question{Key: "price.cpu", Account: "c", Product: "compute-payg", At: instant(at(0)), Known: instant(known)})
			must(t, err)
			if r.Value != want {
				t.Errorf("as known at %s the price is %s, want %s", known, r.Value, want)
			}
		}
		for _, b := range verified(t, a).Broken() {
			t.Error(b)
		}
	})
}

// TestUseBesideTheGeneralAgreement (E 0.1): an account that has clicked the
// general agreement accepts the compute terms by using compute, by one decision
// from the first use on, in whatever order its usage is sent; using it again
// accepts nothing more, and never the other general agreement.
func TestUseBesideTheGeneralAgreement(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		for name, general := range map[string]string{"the one": theGeneral, "the other": service} {
			t.Run(name, func(t *testing.T) {
				ctx := context.Background()
				a := openSample(t, freshURL(t, url))
				must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: []string{general}}, "test"))
				advance(t, a, "2026-01-01T05:00:00+08:00")
				receipts := send(t, a,
					usage("c", "pod", "second", 1000, "2026-01-01T03:00:00+08:00", "2026-01-01T04:00:00+08:00"),
					usage("c", "pod", "first", 1000, "2026-01-01T01:00:00+08:00", "2026-01-01T02:00:00+08:00"),
					usage("c", "pod", "third", 1000, "2026-01-01T04:00:00+08:00", "2026-01-01T05:00:00+08:00"),
				)
				for i, want := range []string{"second", "first", "third"} {
					if receipts[i].ID != want || receipts[i].Outcome != app.Accepted {
						t.Errorf("receipt %d is %+v", i, receipts[i])
					}
				}
				v, err := a.Account(ctx, "c")
				must(t, err)
				byUse := slices.DeleteFunc(v.Accepted, func(v app.AcceptanceView) bool { return v.Form != "use" })
				ok := len(byUse) == 1 && byUse[0].Document == computeTerms && byUse[0].At == "2026-01-01T01:00:00+08:00"
				clausetest.Executes(t, "E 0.1", ok)
				if !ok {
					t.Errorf("use accepted %+v", byUse)
				}
				items, _, err := a.History(ctx, "c", app.HistoryFilter{Limit: 100})
				must(t, err)
				acceptances := slices.DeleteFunc(items, func(i app.HistoryItem) bool { return !strings.HasPrefix(i.ID, "acc_") })
				if len(acceptances) != 2 {
					t.Errorf("%d acceptances in the history: %+v", len(acceptances), acceptances)
				}
			})
		}
	})
}

// TestWhatMustBeAccepted: the line is not used, and no usage of it counted,
// before its agreement is accepted; what is missing is said beforehand. A demand
// that use itself can meet keeps nobody out.
func TestWhatMustBeAccepted(t *testing.T) {
	ctx := context.Background()
	sold := strings.NewReplacer("PRODUCT", "editor", "PNAME", "PX", "NAME", "editor").Replace(newPage)
	sold = strings.Replace(sold, "clauses:", "requires:\n  - { documents: [editor-licence, editor-terms], clause: \"1\" }\nclauses:", 1)
	licence := func(id, code, forms string) string {
		return strings.Replace(small(id, code, "annex", "acceptance", "acceptance.forms: "+forms), "compute-payg", "editor", 1)
	}
	a := customer(t, withDocuments(t, map[string]string{
		"products/editor.yaml": sold, "agreements/l.yaml": licence("editor-licence", "LI", "[click]"), "agreements/t.yaml": licence("editor-terms", "TE", "[use]"),
	}), theGeneral)
	needs := func() (missing []string, byUse []string) {
		n, err := a.Needs(ctx, "c", "editor", nil, 0)
		must(t, err)
		for _, m := range n.Missing {
			missing = append(missing, m.AnyOf[0].Document+" by "+m.Clause.Cite)
		}
		for _, d := range n.ByUse {
			byUse = append(byUse, d.Document)
		}
		return missing, byUse
	}
	use := usage("c", "vm", "use", 1000, traceStart, "2026-01-01T01:00:00+08:00")
	use.Product = "editor"

	missing, byUse := needs()
	if !slices.Equal(missing, []string{"editor-licence by PX 1 (page-editor 1)", "editor-terms by PX 1 (page-editor 1)"}) || !slices.Equal(byUse, []string{"editor-terms"}) {
		t.Errorf("missing %q, by use %q", missing, byUse)
	}
	name, x := refusedEvent(t, a, use, refusal.NotAccepted)
	if !x.Agrees || !strings.Contains(strings.Join(x.Arithmetic, "\n"), "editor-licence") {
		t.Errorf("%s: %q", name, x.Arithmetic)
	}
	v, err := a.Account(ctx, "c")
	must(t, err)
	if len(v.Accepted) != 1 {
		t.Errorf("usage that was refused accepted %+v", v.Accepted)
	}
	advance(t, a, "2026-01-01T02:00:00+08:00")
	must(t, clicks(ctx, a, "c", []string{"editor-licence"}, "test"))
	early := send(t, a, use)[0] // of a time before the click
	later := use
	later.ID, later.From, later.To = "later", instant("2026-01-01T02:00:00+08:00"), instant("2026-01-01T03:00:00+08:00")
	if got := send(t, a, later)[0]; got.Outcome != app.Accepted || early.Code != refusal.NotAccepted {
		t.Errorf("before the click %+v, after it %+v", early, got)
	}
	if missing, byUse := needs(); len(missing)+len(byUse) != 0 {
		t.Errorf("in the end %q are missing, and %q are accepted by use", missing, byUse)
	}
	if x := explained(t, a, name); !x.Agrees {
		t.Errorf("later the refusal does not agree: %+v", x.Disagreements)
	}
	if _, err := a.Needs(ctx, "c", "compute-payg", []string{"server_gard"}, 0); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("an add-on that no document names: %v", err)
	}
	if _, err := a.Needs(ctx, "nobody", "compute-payg", nil, 0); refusal.CodeOf(err) != refusal.UnknownAccount {
		t.Errorf("an account that does not exist: %v", err)
	}
}

// TestTheServerGuardHasTermsOfItsOwn: compute can be used without them; to switch
// the server guard on, they must have been accepted.
func TestTheServerGuardHasTermsOfItsOwn(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), theGeneral, computeTerms)
	missing := func(addOns ...string) string {
		n, err := a.Needs(ctx, "c", "compute-payg", addOns, 0)
		must(t, err)
		text := ""
		for _, m := range n.Missing {
			text += m.AnyOf[0].Document + " for " + m.AddOn + " by " + m.Clause.Cite
		}
		return text
	}
	if got := missing(); got != "" {
		t.Errorf("without the add-on %s is missing", got)
	}
	if got := missing("server_guard"); got != "page-server-guard for server_guard by E 3.2.5 (compute-terms 2025-06)" {
		t.Errorf("with it %q is missing", got)
	}
	clausetest.Refrains(t, "PG 1", !computeBinds(resolve(t, a, "late_fee.rate"), "page-server-guard"))
	must(t, clicks(ctx, a, "c", []string{"page-server-guard"}, "test"))
	clausetest.Executes(t, "PG 1", computeBinds(resolve(t, a, "late_fee.rate"), "page-server-guard"))
	if got := missing("server_guard"); got != "" {
		t.Errorf("once accepted %s is missing", got)
	}
}

// TestNeedsWithoutAnAgreement lists the agreements of which one is needed.
func TestNeedsWithoutAnAgreement(t *testing.T) {
	a := customer(t, withDocuments(t, nil))
	n, err := a.Needs(context.Background(), "c", "domain-names", nil, 0)
	must(t, err)
	if len(n.Missing) != 1 || n.Missing[0].Clause != nil {
		t.Fatalf("%+v", n.Missing)
	}
	var ids []string
	for _, d := range n.Missing[0].AnyOf {
		ids = append(ids, d.Document)
	}
	if !slices.Equal(ids, []string{theGeneral, service}) || len(n.ByUse) != 1 || n.ByUse[0].Document != theGeneral {
		t.Errorf("one of %q is needed, and use accepts %+v", ids, n.ByUse)
	}
}
