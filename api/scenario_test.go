package api_test

import (
	"strings"
	"testing"

	"termwise.dev/api"
	"termwise.dev/core/refusal"
)

// scenario is one request and what must and must not be in its answer.
type scenario struct {
	name string
	request
	status int
	has    []string
	lacks  []string
}

const topUps = "/v1/accounts/" + payer + "/top-ups"

// scenarios run in order on one world, which they change.
var scenarios = []scenario{
	{"health", request{path: "/healthz"}, 200, []string{`"status":"ok"`}, nil},
	{"readiness", request{path: "/readyz"}, 200, []string{`"status":"ok"`}, nil},

	// Accounts.
	{
		"open an account",
		request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"customer-003","name":"Kiln","accepts":["general-agreement"]}`},
		200,
		[]string{`"id":"customer-003"`, `"wallet":"0.000000"`, `"currency":"CNY"`, `"services":[]`, `"document":"general-agreement"`, `"actor":"operator (key `, `"explanation":"/v1/explanations/acc_customer-003_2_1"`},
		nil,
	},
	{"open it again", request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"customer-003","name":"Kiln"}`}, 200, []string{`"id":"customer-003"`}, nil},
	{
		"open it under another name",
		request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"customer-003","name":"Forge"}`},
		409,
		[]string{`"code":"already_exists"`, `"type":"urn:termwise:problem:already_exists"`, `"status":409`, `"title":"Conflict"`, `Kiln`, `"hint":"choose another id"`, `"place":"account"`},
		nil,
	},
	{"open one under a key", request{key: "operator", method: "POST", path: "/v1/accounts", idempotency: "open", body: `{"id":"customer-005","name":"Anvil"}`}, 200, []string{`"id":"customer-005"`, `"accepted":[]`}, nil},
	{"the key for another name", request{key: "operator", method: "POST", path: "/v1/accounts", idempotency: "open", body: `{"id":"customer-005","name":"Forge"}`}, 422, []string{`"code":"idempotency_key_reused"`, `"place":"idempotency key"`}, nil},
	{"the key for another command", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", idempotency: "open", body: `{"documents":["general-agreement"],"form":"click"}`}, 422, []string{`"code":"idempotency_key_reused"`}, nil},
	{"accept under a key", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", idempotency: "accept", body: `{"documents":["general-agreement"],"form":"click"}`}, 200, []string{`"explanation":"/v1/explanations/acc_customer-005_2_1"`}, nil},
	{"the key for other documents", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", idempotency: "accept", body: `{"documents":["treaty"],"form":"click"}`}, 422, []string{`"code":"idempotency_key_reused"`}, nil},
	{"the key for another form", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", idempotency: "accept", body: `{"documents":["general-agreement"],"form":"stamp"}`}, 422, []string{`"code":"idempotency_key_reused"`}, nil},
	{"accept without saying how", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", body: `{"documents":["general-agreement"]}`}, 422, []string{`"code":"bad_input"`, "form"}, nil},
	{"accept by a nod", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", body: `{"documents":["general-agreement"],"form":"nod"}`}, 422, []string{`"code":"bad_input"`, "body.form"}, nil},
	{"accept in a form that is not listed", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", body: `{"documents":["general-agreement"],"form":"mail"}`}, 422, []string{`"code":"bad_input"`, "G 0.3"}, nil},
	{"record a paper", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", body: `{"documents":["compute-terms"],"form":"stamp","signed":"2025-12-24T10:00:00+08:00"}`}, 200, []string{`"form":"stamp","at":"2025-12-24T10:00:00+08:00"`}, nil},
	{"a paper signed at no instant", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", body: `{"documents":["compute-terms"],"form":"stamp","signed":"yesterday"}`}, 422, []string{`"code":"bad_input"`, "body.signed"}, nil},
	{"a paper recorded by the customer", request{key: "payer", method: "POST", path: "/v1/accounts/" + payer + "/acceptances", body: `{"documents":["compute-terms"],"form":"stamp"}`}, 403, []string{`"code":"forbidden"`, `"place":"form"`}, nil},
	{"a contract with others", request{key: "payer", method: "POST", path: "/v1/accounts/" + payer + "/acceptances", body: `{"documents":["framework-contract"],"form":"click"}`}, 404, []string{`"code":"not_found"`}, []string{"northfield"}},
	{"a term of what is bought later", request{key: "payer", path: "/v1/resolutions?key=late_fee.rate&account=" + payer + "&product=compute-payg&bought=2031-01-01T00:00:00Z"}, 422, []string{`"code":"bad_input"`, `"place":"bought"`}, nil},
	{"a paper with an order", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", body: `{"documents":["compute-terms"],"form":"stamp","order":"o-1"}`}, 422, []string{`"code":"bad_input"`, `"place":"order"`}, nil},
	{"accept with an order", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/acceptances", body: `{"documents":["page-server-guard","compute-terms"],"form":"click","order":"o-1"}`}, 200, []string{`"order":"o-1"`}, nil},
	{"list add-ons", request{key: "operator", path: "/v1/accounts/customer-005/products/compute-payg/add-ons"}, 200, []string{`"addon":"content_guard","on":true,"default":"on"`, `"cite":"E 3.1.7 (compute-terms 2025-06)"`}, nil},
	{"switch on what is demanded for", request{key: "operator", method: "PUT", path: "/v1/accounts/customer-005/products/compute-payg/add-ons/licensed_image", body: `{"on":true}`}, 409, []string{`"code":"agreement_not_accepted"`, "licence-hazelworks"}, nil},
	{"switch on what there is not", request{key: "operator", method: "PUT", path: "/v1/accounts/customer-005/products/compute-payg/add-ons/tea", body: `{"on":true}`}, 422, []string{`"code":"bad_input"`, `"place":"addon"`}, nil},
	{"switch without saying how", request{key: "operator", method: "PUT", path: "/v1/accounts/customer-005/products/compute-payg/add-ons/server_guard", body: `{}`}, 422, []string{`"code":"bad_input"`, "on"}, nil},
	{"switch on", request{key: "operator", method: "PUT", path: "/v1/accounts/customer-005/products/compute-payg/add-ons/server_guard", idempotency: "guard", body: `{"on":true}`}, 200, []string{`"on":true`, `"explanation":"/v1/explanations/add_customer-005_`}, nil},
	{"the key for the other way", request{key: "operator", method: "PUT", path: "/v1/accounts/customer-005/products/compute-payg/add-ons/server_guard", idempotency: "guard", body: `{"on":false}`}, 422, []string{`"code":"idempotency_key_reused"`}, nil},
	{"an order that nobody placed", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/lapsed-orders", body: `{"order":"o-9"}`}, 404, []string{`"code":"not_found"`, `"place":"order"`}, nil},
	{"an order that lapses, said by the customer", request{key: "payer", method: "POST", path: "/v1/accounts/" + payer + "/lapsed-orders", body: `{"order":"o-1"}`}, 403, []string{`"code":"forbidden"`}, nil},
	{"an order that lapses", request{key: "operator", method: "POST", path: "/v1/accounts/customer-005/lapsed-orders", body: `{"order":"o-1"}`}, 200, []string{`"effect":"terms","voided":true`, `"addon":"server_guard","explanation":"/v1/explanations/add_customer-005_`, `"explanation":"/v1/explanations/lps_customer-005_`}, nil},
	{"what an account needs", request{key: "payer", path: "/v1/accounts/" + payer + "/needs?product=cross-border-line"}, 200, []string{`"document":"cross-border-line-agreement"`, `"cite":"PL 1 (page-cross-border-line 2025-06)"`, `"forms":["click","mail","stamp"]`}, nil},
	{"what it needs for an add-on that there is not", request{key: "payer", path: "/v1/accounts/" + payer + "/needs?product=compute-payg&addon=tea"}, 422, []string{`"code":"bad_input"`, `"place":"addon"`}, nil},
	{"what it needs for a product that there is not", request{key: "payer", path: "/v1/accounts/" + payer + "/needs?product=tea"}, 422, []string{`"code":"unknown_product"`}, nil},
	{"the account's first answer", request{key: "operator", method: "POST", path: "/v1/accounts", idempotency: "open", body: `{"id":"customer-005","name":"Anvil"}`}, 200, []string{`"id":"customer-005"`, `"accepted":[]`}, nil},
	{"the key of one account for another", request{key: "operator", method: "POST", path: "/v1/accounts", idempotency: "open", body: `{"id":"customer-006","name":"Bellows"}`}, 200, []string{`"id":"customer-006"`}, nil},
	{"a key that cannot be", request{key: "operator", method: "POST", path: "/v1/accounts", idempotency: "two words", body: `{"id":"customer-007","name":"Tongs"}`}, 422, []string{`"code":"bad_input"`, "Idempotency-Key"}, nil},
	{"an id that cannot be", request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"Customer_4","name":"Kiln"}`}, 422, []string{`"code":"bad_input"`, "Customer_4"}, nil},
	{"a name with a control character", request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"customer-004","name":"Ki\u0000ln"}`}, 422, []string{`"code":"bad_input"`, "body.name"}, []string{"Ki"}},
	{"a field that there is not", request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"customer-004","name":"Kiln","colour":"red"}`}, 422, []string{`"code":"bad_input"`, "body.colour"}, []string{`"red"`}},
	{"a body that is not JSON", request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":`}, 400, []string{`"code":"bad_input"`, `"place":"body"`}, nil},
	{"a document that is not published", request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"customer-004","name":"Kiln","accepts":["treaty"]}`}, 404, []string{`"code":"not_found"`, "treaty"}, nil},
	{"an account that there is not", request{key: "operator", path: "/v1/accounts/customer-999"}, 404, []string{`"code":"unknown_account"`, "customer-999"}, nil},
	{
		"an account's own view",
		request{key: "payer", path: "/v1/accounts/" + payer},
		200,
		[]string{`"wallet":"99.100000"`, `"state":"active"`, `"explanation":"/v1/explanations/trn_customer-001_`},
		[]string{debtor},
	},
	{"accept what was accepted", request{key: "payer", method: "POST", path: "/v1/accounts/" + payer + "/acceptances", body: `{"documents":["general-agreement"],"form":"click"}`}, 200, []string{`"form":"click"`}, nil},

	// Money.
	{"a top-up without a key", request{key: "operator", method: "POST", path: topUps, body: `{"amount":"5","method":"bank_remittance","reference":"r"}`}, 422, []string{`"code":"bad_input"`, "Idempotency-Key"}, nil},
	{
		"a dry run",
		request{key: "operator", method: "POST", path: topUps + "?dry_run=true", idempotency: "k1", body: `{"amount":"5","method":"bank_remittance","reference":"r"}`},
		200,
		[]string{`"wallet":"104.100000"`, `"dry_run":true`, `"amount":"5.000000"`, `"currency":"CNY"`},
		[]string{"explanation", "repeated"},
	},
	{"a misspelt dry run moves nothing", request{key: "operator", method: "POST", path: topUps + "?dryrun=true", idempotency: "k1", body: `{"amount":"5","method":"bank_remittance","reference":"r"}`}, 422, []string{`"code":"bad_input"`, "dryrun"}, nil},
	{
		"the dry run kept nothing",
		request{key: "operator", method: "POST", path: topUps, idempotency: "k1", body: `{"amount":"5","method":"bank_remittance","reference":"r"}`},
		200,
		[]string{`"wallet":"104.100000"`, `"explanation":"/v1/explanations/trf_customer-001_`},
		[]string{"dry_run", "repeated"},
	},
	{"the same again", request{key: "operator", method: "POST", path: topUps, idempotency: "k1", body: `{"amount":"5","method":"bank_remittance","reference":"r"}`}, 200, []string{`"wallet":"104.100000"`, `"repeated":true`}, nil},
	{"the same amount written otherwise", request{key: "operator", method: "POST", path: topUps, idempotency: "k1", body: `{"amount":"5.00","method":"bank_remittance","reference":"r"}`}, 200, []string{`"repeated":true`}, nil},
	{"the key for another request", request{key: "operator", method: "POST", path: topUps, idempotency: "k1", body: `{"amount":"6","method":"bank_remittance","reference":"r"}`}, 422, []string{`"code":"idempotency_key_reused"`, "k1"}, nil},
	{"a way that is not offered", request{key: "operator", method: "POST", path: topUps, idempotency: "k2", body: `{"amount":"5","method":"shells","reference":"r"}`}, 422, []string{`"code":"method_not_offered"`, "shells", "G 2.2"}, nil},
	{
		"a payment under another key",
		request{key: "operator", method: "POST", path: topUps, idempotency: "k2", body: `{"amount":"1","method":"bank_remittance","reference":"r"}`},
		409,
		[]string{`"code":"already_exists"`, `by the top-up trf_customer-001_`, `"place":"reference"`, "do not credit it again"},
		nil,
	},
	{"a dry run of it", request{key: "operator", method: "POST", path: topUps + "?dry_run=true", idempotency: "k2", body: `{"amount":"1","method":"bank_remittance","reference":"r"}`}, 409, []string{`"code":"already_exists"`}, nil},
	{"the reference by another way", request{key: "operator", method: "POST", path: topUps + "?dry_run=true", idempotency: "k2", body: `{"amount":"1","method":"alipay","reference":"r"}`}, 200, []string{`"wallet":"105.100000"`}, nil},
	{"a refused key is free again", request{key: "operator", method: "POST", path: topUps, idempotency: "k2", body: `{"amount":"1","method":"bank_remittance","reference":"r2"}`}, 200, []string{`"wallet":"105.100000"`}, nil},
	{"nothing", request{key: "operator", method: "POST", path: topUps, idempotency: "k3", body: `{"amount":"0","method":"bank_remittance","reference":"r"}`}, 422, []string{`"code":"bad_input"`, `"place":"amount"`}, nil},
	{"more than can be held", request{key: "operator", method: "POST", path: topUps, idempotency: "k3", body: `{"amount":"9223372036854.775807","method":"bank_remittance","reference":"r3"}`}, 422, []string{`"code":"overflow"`}, nil},
	{"a number for an amount", request{key: "operator", method: "POST", path: topUps, idempotency: "k3", body: `{"amount":5,"method":"bank_remittance","reference":"r"}`}, 422, []string{`"code":"bad_input"`, "body.amount"}, nil},
	{"seven decimals", request{key: "operator", method: "POST", path: topUps, idempotency: "k3", body: `{"amount":"0.0000001","method":"bank_remittance","reference":"r"}`}, 422, []string{`"code":"bad_input"`, `"place":"body.amount"`, "at most 6 decimals"}, nil},
	{"too large to be read", request{key: "operator", method: "POST", path: topUps, idempotency: "k3", body: `{"amount":"9223372036854.775808","method":"bank_remittance","reference":"r3"}`}, 422, []string{`"code":"overflow"`, `"place":"body.amount"`}, nil},
	{"money for an account that there is not", request{key: "operator", method: "POST", path: "/v1/accounts/customer-999/top-ups", idempotency: "k3", body: `{"amount":"5","method":"bank_remittance","reference":"r"}`}, 404, []string{`"code":"unknown_account"`}, nil},

	// Statements.
	{
		"a statement",
		request{key: "debtor", path: "/v1/accounts/" + debtor + "/statements/2026-01"},
		200,
		[]string{`"charged":"0.900000"`, `"late_fees":"0.001350"`, `"currency":"CNY"`, `"quantity":36000000`, `"unit":"milli_vcpu_second"`, `"lines":10`, `"charges":"/v1/accounts/customer-002/charges?month=2026-01"`},
		[]string{payer},
	},
	{"a statement as known earlier", request{key: "debtor", path: "/v1/accounts/" + debtor + "/statements/2026-01?known=2026-01-01T05:00:00%2B08:00"}, 200, []string{`"charged":"0.450000"`, `"late_fees":"0.000000"`}, nil},
	{"a statement of an empty month", request{key: "debtor", path: "/v1/accounts/" + debtor + "/statements/2025-12"}, 200, []string{`"charged":"0.000000"`}, nil},
	{"a month that is not one", request{key: "debtor", path: "/v1/accounts/" + debtor + "/statements/2026-13"}, 422, []string{`"code":"bad_input"`, "2026-13", `"place":"month"`}, nil},
	{"an instant that is not one", request{key: "debtor", path: "/v1/accounts/" + debtor + "/statements/2026-01?known=noon"}, 422, []string{`"code":"bad_input"`, "noon", `"place":"known"`}, nil},
	{"charges explain themselves", request{key: "debtor", path: "/v1/accounts/" + debtor + "/charges?month=2026-01&limit=1"}, 200, []string{`"amount":"0.090000"`, `"explanation":"/v1/explanations/chg_customer-002_`, `"next_cursor":"`}, nil},
	{"a cursor that is not one", request{key: "debtor", path: "/v1/accounts/" + debtor + "/charges?month=2026-01&cursor=@"}, 422, []string{`"code":"bad_input"`, `"place":"cursor"`}, nil},
	{"a cursor with a control character", request{key: "operator", path: "/v1/accounts?cursor=AA"}, 422, []string{`"code":"bad_input"`, `"place":"cursor"`}, nil},
	{"a limit that is too high", request{key: "debtor", path: "/v1/accounts/" + debtor + "/charges?month=2026-01&limit=1001"}, 422, []string{`"code":"bad_input"`, "query.limit"}, nil},
	{"a month that is missing", request{key: "debtor", path: "/v1/accounts/" + debtor + "/charges"}, 422, []string{`"code":"bad_input"`, "query.month"}, nil},
	{"totals", request{key: "operator", path: "/v1/totals?month=2026-01"}, 200, []string{`"total":"1.800000"`, `"meter":"cpu"`, `"quantity":72000000`, `"lines":20`}, nil},

	// Arrears and notices.
	{"arrears of all", request{key: "operator", path: "/v1/arrears"}, 200, []string{`"account":"customer-002"`, `"principal":"0.900000"`, `"late_fees":"0.001350"`, `"totals":{"accounts":1`, `"state":"suspended"`, `"explanation":"/v1/explanations/trn_customer-002_`}, []string{payer}},
	{"one's own arrears", request{key: "debtor", path: "/v1/accounts/" + debtor + "/arrears"}, 200, []string{`"oldest_due":"2026-01-01"`, `"explanation":"/v1/explanations/trn_customer-002_`}, nil},
	{"no arrears", request{key: "payer", path: "/v1/accounts/" + payer + "/arrears"}, 200, []string{`"principal":"0.000000"`}, nil},
	{"notices", request{key: "debtor", path: "/v1/accounts/" + debtor + "/notices"}, 200, []string{`"kind":"arrears_began"`, `"kind":"was_suspended"`, `Service compute-payg was suspended`, `"channels":"email,message"`, `"explanation":"/v1/explanations/ntc_customer-002_`}, []string{`"kind":"was_released"`}},
	{"no notices", request{key: "payer", path: "/v1/accounts/" + payer + "/notices"}, 200, []string{`"items":[]`}, []string{"next_cursor"}},
	// History.
	{
		"what happened",
		request{key: "debtor", path: "/v1/accounts/" + debtor + "/history"},
		200,
		[]string{
			`"kind":"acceptance"`, `"kind":"notice"`, `"kind":"transition"`, `"kind":"late_fee"`, `"amount":"0.000450"`,
			`"explanation":"/v1/explanations/fee_customer-002_`, `"what":"Service compute-payg was suspended: `,
		},
		[]string{`"kind":"charge"`, `"kind":"posting"`, "next_cursor"},
	},
	{
		"what happened, some kinds of it, in pages",
		request{key: "operator", path: "/v1/accounts/" + payer + "/history?month=2026-01&kind=top_up&kind=charge&limit=2"},
		200,
		[]string{`"what":"Paid in by bank_remittance, with the reference bank-1."`, `"amount":"100.000000"`, `"kind":"charge"`, `"next_cursor":"`},
		[]string{`"kind":"payment"`},
	},
	{"what happened in an empty month", request{key: "debtor", path: "/v1/accounts/" + debtor + "/history?month=2025-12"}, 200, []string{`"items":[]`}, nil},
	{"refused events", request{key: "debtor", path: "/v1/accounts/" + debtor + "/history?kind=event"}, 200, []string{`"items":[]`}, nil},
	{"refused events among others", request{key: "debtor", path: "/v1/accounts/" + debtor + "/history?kind=event&kind=notice"}, 422, []string{`"code":"bad_input"`, `"place":"kind"`}, nil},
	{"a kind that there is not", request{key: "debtor", path: "/v1/accounts/" + debtor + "/history?kind=war"}, 422, []string{`"code":"bad_input"`, "query.kind"}, nil},
	{"a history of a month that is not one", request{key: "debtor", path: "/v1/accounts/" + debtor + "/history?month=2026-13"}, 422, []string{`"code":"bad_input"`, `"place":"month"`}, nil},
	{"a history's cursor that is not one", request{key: "debtor", path: "/v1/accounts/" + debtor + "/history?cursor=YQ"}, 422, []string{`"code":"bad_input"`, `"place":"cursor"`}, nil},
	{"what happened to nobody", request{key: "operator", path: "/v1/accounts/customer-999/history"}, 404, []string{`"code":"unknown_account"`}, nil},
	{"what happened to another", request{key: "payer", path: "/v1/accounts/" + debtor + "/history"}, 404, []string{`"code":"not_found"`}, []string{"late_fee"}},
	{"paying ends the suspension", request{key: "operator", method: "POST", path: "/v1/accounts/" + debtor + "/top-ups", idempotency: "k1", body: `{"amount":"1","method":"bank_remittance","reference":"r"}`}, 200, []string{`"owed":"0.000000"`, `"paid":"0.901350"`, `"wallet":"0.098650"`}, nil},
	{"the service runs again", request{key: "debtor", path: "/v1/accounts/" + debtor}, 200, []string{`"state":"active"`}, []string{"suspended"}},

	// Explanations.
	{"the name of no row", request{key: "operator", path: "/v1/explanations/abc"}, 422, []string{`"code":"bad_input"`, "abc"}, nil},
	{"another's row", request{key: "payer", path: "/v1/explanations/chg_customer-002_3_2"}, 404, []string{`"code":"not_found"`}, []string{"arithmetic"}},
	{"a name that no customer can read", request{key: "payer", path: "/v1/explanations/abc"}, 404, []string{`"code":"not_found"`}, nil},

	// Terms.
	{"documents", request{key: "payer", path: "/v1/documents"}, 200, []string{`"document":"general-agreement"`, `"document":"page-compute-payg"`}, nil},
	{"a document", request{key: "compute", path: "/v1/documents/general-agreement"}, 200, []string{`"cite":"G 2.3"`, "five parts in ten thousand"}, nil},
	{"a product without meters", request{key: "compute", path: "/v1/documents/page-cloud-firewall"}, 200, []string{`"meters":[]`}, nil},
	{"a version that there is not", request{key: "operator", path: "/v1/documents/general-agreement?version=1999-01"}, 404, []string{`"code":"not_found"`, "1999-01"}, nil},
	{"a document that there is not", request{key: "operator", path: "/v1/documents/treaty"}, 404, []string{`"code":"not_found"`, "treaty"}, nil},
	{"which value binds", request{key: "payer", path: "/v1/resolutions?key=late_fee.rate&account=" + payer}, 200, []string{`"value":"0.05%/day"`, `"cite":"G 2.3 (general-agreement 2025-06)"`}, nil},
	{"a term that there is not", request{key: "payer", path: "/v1/resolutions?key=late_fee.colour&account=" + payer}, 422, []string{`"code":"bad_input"`, "late_fee.colour"}, nil},
	{"a price of a product that there is not", request{key: "operator", path: "/v1/resolutions?key=price.cpu&account=" + payer + "&product=abacus"}, 422, []string{`"code":"unknown_product"`, "abacus"}, nil},
	{"a resolution for nobody", request{key: "payer", path: "/v1/resolutions?key=late_fee.rate"}, 422, []string{`"code":"bad_input"`, "query.account"}, nil},

	// Elsewhere.
	{"a path that there is not", request{path: "/v1/orders"}, 404, []string{`"code":"not_found"`, "/v1/orders", `"hint":"see /docs`}, nil},
	{"a method that there is not", request{key: "operator", method: "DELETE", path: "/v1/accounts"}, 405, []string{`"code":"bad_input"`, "DELETE", "GET or POST"}, nil},
	{"a page's method", request{method: "POST", path: "/metrics"}, 405, []string{`"code":"bad_input"`, "use GET"}, nil},
}

func TestScenarios(t *testing.T) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) { runScenarios(t, newWorldOn(t, url(t))) })
	}
}

func runScenarios(t *testing.T, w *world) {
	w.live()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			w.t = t
			a := w.do(s.request).want(s.status)
			for _, text := range s.has {
				if !strings.Contains(a.body, text) {
					t.Errorf("the answer lacks %s\n%s", text, a.body)
				}
			}
			for _, text := range s.lacks {
				if strings.Contains(a.body, text) {
					t.Errorf("the answer holds %s\n%s", text, a.body)
				}
			}
		})
	}
	w.t = t
	w.verify()
}

// Every reason to refuse has one status, and no status stands for none.
func TestEveryCodeHasAStatus(t *testing.T) {
	for _, code := range refusal.Codes() {
		if status := api.Statuses[code]; status < 400 || status > 499 {
			t.Errorf("%s has the status %d", code, status)
		}
	}
	if len(api.Statuses) != len(refusal.Codes()) {
		t.Errorf("%d codes have a status, there are %d", len(api.Statuses), len(refusal.Codes()))
	}
}

// Answers about money are kept by nobody on the way.
func TestAnswersAreNotCached(t *testing.T) {
	a := newWorld(t).do(request{key: "payer", path: "/v1/accounts/" + payer}).want(200)
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers are %v", a.header)
	}
}
