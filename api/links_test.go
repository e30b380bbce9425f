package api_test

import (
	"regexp"
	"strings"
	"testing"
)

var linkForm = regexp.MustCompile(`"explanation":"([^"]*)"`)

// Every link to an explanation, in every kind of answer, leads to one that
// agrees with what is stored, and the account's own key may follow it.
func TestEveryLinkExplains(t *testing.T) {
	w := newWorld(t)
	w.live()
	account := "/v1/accounts/" + debtor
	answers := []answer{
		w.do(request{key: "operator", path: "/v1/accounts"}),
		w.do(request{key: "operator", path: "/v1/arrears"}),
		w.do(request{key: "debtor", path: account + "/charges?month=2026-01"}),
		w.do(request{key: "debtor", path: account}),
		w.do(request{key: "debtor", path: account + "/history"}),
		w.do(request{key: "debtor", path: account + "/notices"}),
		w.do(request{key: "debtor", path: account + "/arrears"}),
		w.do(request{key: "operator", method: "POST", path: account + "/top-ups", idempotency: "k", body: `{"amount":"9","method":"bank_remittance","reference":"r"}`}),
		w.do(request{key: "compute", method: "POST", path: "/v1/usage-events", media: single, body: event("f", debtor, `"product":"compute-payg","rates":{"cpu":1}`)}),
	}
	w.announce()
	leaving := w.do(request{key: "debtor", method: "POST", path: account + "/dissents", body: `{"document":"general-agreement","version":"2026-08"}`})
	left := w.do(request{key: "debtor", path: account})
	left.holds(`"left":[{`)
	for _, a := range append(answers, leaving, left) {
		links := linkForm.FindAllStringSubmatch(a.want(200).body, -1)
		if len(links) == 0 {
			t.Errorf("%s: the answer has no link\n%s", a.what, a.body)
		}
		for _, link := range links {
			found := w.do(request{key: "operator", path: link[1]}).want(200)
			found.holds(`"id":"` + strings.TrimPrefix(link[1], "/v1/explanations/") + `"`)
			found.holds(`"agrees":true`)
			if strings.Contains(link[1], debtor) {
				w.do(request{key: "debtor", path: link[1]}).want(200)
				w.do(request{key: "payer", path: link[1]}).want(404)
			}
		}
	}
}

// The explanation of a charge names the clause and the arithmetic.
func TestExplanationOfACharge(t *testing.T) {
	w := newWorld(t)
	w.live()
	var charges page
	w.do(request{key: "debtor", path: "/v1/accounts/" + debtor + "/charges?month=2026-01&limit=1"}).want(200).into(&charges)
	a := w.do(request{key: "debtor", path: charges.Items[0].Explanation}).want(200)
	for _, text := range []string{`"stored":"0.090000`, "0.09 CNY per vCPU·hour", `"role":"price"`, "page-compute-payg"} {
		a.holds(text)
	}
}
