package api_test

import (
	"net/url"
	"strings"
	"testing/fstest"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// ladders are the commands of operating.md.
var ladders = map[string]ladder{
	"open an account":                     openingLadder,
	"accept documents":                    acceptingLadder,
	"top up":                              payingLadder,
	"report usage":                        reportingLadder,
	"report usage, each event":            eventLadder,
	"read a statement, and whatever else": readingLadder,
	"leave over a change":                 leavingLadder,
	"lapse an order":                      lapsingLadder,
	"switch an add-on":                    switchingLadder,
	"publish":                             publishingLadder,
	"advance": {right: func() *attempt { return &attempt{to: "2026-01-05T01:00:00+08:00"} }, try: tryAdvancing, steps: map[string]step{
		"`clock_is_real` a database on real time": {func(a *attempt) { a.real = true }, "real"},
		"`clock_backward` an instant that passed": {func(a *attempt) { a.to = "2026-01-01T00:00:00+08:00" }, "stands at"},
	}},
	"create a key":                     keyLadder,
	"explain a row":                    explainingLadder,
	"resolve a term":                   resolvingLadder,
	"list what happened to an account": historyLadder,
}

var openingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", body: map[string]any{"id": "customer-100", "name": "Fresh", "accepts": []string{"general-agreement"}}}
	},
	try: posting("/v1/accounts"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("debtor"), "role"},
		"`bad_input` a request that its description does not allow": {func(a *attempt) { a.query = "?colour=red" }, "colour"},
		"`idempotency_key_reused` the key of another request":       {func(a *attempt) { a.body["id"], a.idempotency = keyed, "open" }, "idempotency key"},
		"`already_exists` an id under which there is another name":  {setting(body, "id", payer), "Orchid"},
		"`bad_input` an id that cannot be one":                      {setting(body, "id", "Customer_4"), "Customer_4"},
		"`not_found` a document that is not in force":               {func(a *attempt) { a.accept("accepts", "treaty") }, "treaty"},
		"`bad_input` documents that end each other":                 {func(a *attempt) { a.accept("accepts", "general-agreement", "service-agreement") }, "end"},
		"`bad_input` a document that binds other accounts":          {func(a *attempt) { a.accept("accepts", "framework-contract") }, "names the accounts"},
	},
}

var acceptingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", account: debtor, body: map[string]any{"documents": []string{"general-agreement"}, "form": "click"}}
	},
	try: posting("/v1/accounts/ACCOUNT/acceptances"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("compute"), "role"},
		"`not_found` another customer's account":                    {func(a *attempt) { a.key, a.account = "payer", debtor }, "account"},
		"`bad_input` a request that its description does not allow": {setting(body, "form", "nod"), "body.form"},
		"`bad_input` an instant that cannot be read":                {setting(body, "signed", "yesterday"), "body.signed"},
		"`not_found` from a customer: a document that is not its to see": {func(a *attempt) {
			a.key, a.account = "debtor", debtor
			a.accept("documents", "framework-contract")
		}, "framework-contract"},
		"`forbidden` from a customer: a paper": {func(a *attempt) {
			a.key, a.account, a.body["form"], a.body["documents"] = "debtor", debtor, "stamp", []string{"general-agreement"}
		}, `"place":"form"`},
		"`idempotency_key_reused` the key of another request":     {func(a *attempt) { a.account, a.idempotency = keyed, "open" }, "idempotency key"},
		"`unknown_account` an account that there is not":          {of("customer-999"), "customer-999"},
		"`bad_input` use, which is recorded as usage is reported": {setting(body, "form", "use"), "report the usage"},
		"`bad_input` a date for what is not on paper, or still to come": {func(a *attempt) {
			a.body["signed"] = "2031-01-01T00:00:00+08:00"
		}, `"place":"signed"`},
		"`not_found` a document that is not in force":      {func(a *attempt) { a.accept("documents", "treaty") }, "treaty"},
		"`bad_input` documents that end each other":        {func(a *attempt) { a.accept("documents", "general-agreement", "service-agreement") }, "end"},
		"`bad_input` a document that binds other accounts": {func(a *attempt) { a.accept("documents", "framework-contract") }, "names the accounts"},
		"`bad_input` a form that it does not list":         {setting(body, "form", "mail"), "G 0.3"},
	},
}

var payingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", account: debtor, idempotency: "fresh", body: map[string]any{"amount": "5", "method": "bank_remittance", "reference": "fresh"}}
	},
	try: posting("/v1/accounts/ACCOUNT/top-ups"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("debtor"), "role"},
		"`bad_input` a request that its description does not allow": {func(a *attempt) { a.query = "?dryrun=true" }, "dryrun"},
		"`bad_input` an amount that cannot be read":                 {setting(body, "amount", "five"), "body.amount"},
		"`overflow` an amount that cannot be held":                  {setting(body, "amount", "9223372036854.775808"), "body.amount"},
		"`idempotency_key_reused` the key of another request":       {func(a *attempt) { a.account, a.idempotency = payer, "first" }, "idempotency key"},
		"`unknown_account` an account that there is not":            {of("customer-999"), "customer-999"},
		"`bad_input` nothing to pay in":                             {setting(body, "amount", "0"), `"place":"amount"`},
		"`bad_input` no reference":                                  {setting(body, "reference", ""), `"place":"reference"`},
		"`agreement_not_accepted` an account that nothing binds":    {of(bare), bare},
		"`method_not_offered` a way that the terms do not list":     {setting(body, "method", "shells"), "shells"},
		"`already_exists` a payment that was credited":              {func(a *attempt) { a.account, a.body["reference"] = payer, "bank-1" }, "credited before"},
	},
}

var reportingLadder = ladder{
	right: func() *attempt { return &attempt{key: "operator", raw: "[]"} },
	try: func(w *world, a *attempt) (refusal.Code, string) {
		return w.codeOf(request{key: a.key, method: "POST", path: "/v1/usage-events", media: batch, body: a.raw})
	},
	steps: map[string]step{
		"`unauthenticated` no key that works":        {withKey(""), "API key"},
		"`forbidden` a role that may not":            {withKey("debtor"), "role"},
		"`bad_input` a body that is no list of them": {func(a *attempt) { a.raw = "{" }, "body"},
	},
}

var eventLadder = ladder{
	right: func() *attempt {
		return &attempt{
			key: "compute", rates: [][2]string{{"cpu", "1000"}},
			event: map[string]any{"specversion": "1.0", "id": "fresh", "source": "meter-1", "type": "termwise.usage.v1"},
			data: map[string]any{
				"account": debtor, "product": "compute-payg", "resource": "vm-1", "from": "2026-01-04T00:00:00+08:00", "to": "2026-01-04T01:00:00+08:00",
			},
		}
	},
	try: tryEvent,
	steps: map[string]step{
		"`bad_input` a name that cannot be kept":                    {setting(envelope, "id", strings.Repeat("x", 201)), "the id is"},
		"`bad_input` another kind of event":                         {setting(envelope, "specversion", "0.3"), "specversion"},
		"`bad_input` two names for the resource":                    {setting(envelope, "subject", "vm-2"), "subject"},
		"`bad_quantity` rates beside quantities":                    {setting(eventData, "quantities", map[string]int{"cpu": 1}), "quantities"},
		"`bad_interval` a time that cannot be read, or is too long": {setting(eventData, "from", "noon"), "noon"},
		"`unknown_meter` a meter that cannot be one":                {func(a *attempt) { a.rates = append(a.rates, [2]string{strings.Repeat("m", 201), "1"}) }, "a meter is called"},
		"`forbidden` another team's product":                        {withKey("firewall"), "the key may report"},
		"`unknown_account` an account that there is not":            {setting(eventData, "account", "customer-999"), "customer-999"},
		"`before_account` usage before it was opened": {func(a *attempt) {
			a.data["from"], a.data["to"] = "2025-01-04T00:00:00+08:00", "2025-01-04T01:00:00+08:00"
		}, "before account"},
		"`unknown_product` a product that no page sells": {func(a *attempt) { a.key, a.data["product"] = "operator", "moonbeams" }, "moonbeams"},
		"`agreement_not_accepted` a document that must be accepted": {func(a *attempt) {
			a.key, a.data["product"] = "operator", "cross-border-line"
		}, "accept"},
		"`bad_interval` an interval that is no use by the terms": {func(a *attempt) { a.data["to"] = a.data["from"] }, "such is no use"},
		"`bad_input` no source, id, account or resource":         {setting(envelope, "source", ""), "has no source"},
		"`bad_interval` an interval that is not in whole seconds": {func(a *attempt) {
			a.data["from"] = strings.Replace(a.data["from"].(string), ":00+", ":00.5+", 1)
		}, "whole seconds"},
		"`unknown_meter` a meter that the page does not declare":  {func(a *attempt) { a.rates = append(a.rates, [2]string{"aaa", "1"}) }, "aaa"},
		"`bad_input` a meter that is named twice":                 {func(a *attempt) { a.rates = append([][2]string{{"cpu", "1"}}, a.rates...) }, "named twice"},
		"`bad_quantity` a value out of range":                     {func(a *attempt) { a.rates[len(a.rates)-1][1] = "-1" }, "-1"},
		"`bad_interval` usage further ahead than the terms allow": {setting(eventData, "to", "2026-03-04T01:00:00+08:00"), "ahead of now"},
		"`event_id_reused` the name of another event":             {func(a *attempt) { a.event["id"] = "b" }, "another body"},
	},
}

var readingLadder = ladder{
	right: func() *attempt { return &attempt{key: "debtor", account: debtor, to: "2026-01"} },
	try: func(w *world, a *attempt) (refusal.Code, string) {
		return w.codeOf(request{key: a.key, path: "/v1/accounts/" + a.account + "/statements/" + a.to + a.query})
	},
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("compute"), "role"},
		"`not_found` another customer's account":                    {withKey("payer"), "account"},
		"`bad_input` a request that its description does not allow": {func(a *attempt) { a.query = "?colour=red" }, "colour"},
		"`bad_input` a value that cannot be read":                   {func(a *attempt) { a.to = "2026-13" }, "2026-13"},
		"`unknown_account` an account that there is not":            {func(a *attempt) { a.key, a.account = "operator", "customer-999" }, "customer-999"},
	},
}

var leavingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", account: leaver, body: map[string]any{"document": "leavable"}}
	},
	try: posting("/v1/accounts/ACCOUNT/dissents"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("compute"), "role"},
		"`not_found` another customer's account":                    {func(a *attempt) { a.key, a.account = "payer", leaver }, "account"},
		"`bad_input` a request that its description does not allow": {setting(body, "now", "soon"), "body.now"},
		"`idempotency_key_reused` the key of another request":       {func(a *attempt) { a.account, a.idempotency = payer, "first" }, "idempotency key"},
		"`unknown_account` an account that there is not":            {of("customer-999"), "customer-999"},
		"`not_found` a document of which nothing is to come":        {setting(body, "document", "treaty"), "treaty"},
		"`no_way_out` a document that nobody can leave":             {setting(body, "document", "mute"), "says how to leave"},
		"`change_in_effect` a version that has taken effect":        {setting(body, "version", "2"), "took effect"},
	},
}

var lapsingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", account: buyer, body: map[string]any{"order": "o-1"}}
	},
	try: posting("/v1/accounts/ACCOUNT/lapsed-orders"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("payer"), "role"},
		"`bad_input` a request that its description does not allow": {setting(body, "order", ""), "body.order"},
		"`idempotency_key_reused` the key of another request":       {func(a *attempt) { a.account, a.idempotency = keyed, "open" }, "idempotency key"},
		"`unknown_account` an account that there is not":            {of("customer-999"), "customer-999"},
		"`not_found` an order with which nothing was accepted":      {setting(body, "order", "o-9"), "o-9"},
	},
}

var switchingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", account: switcher, product: "compute-payg", addOn: "monitoring", body: map[string]any{"on": false}}
	},
	try: sending("PUT", "/v1/accounts/ACCOUNT/products/PRODUCT/add-ons/ADDON"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("compute"), "role"},
		"`not_found` another customer's account":                    {func(a *attempt) { a.key, a.account = "payer", switcher }, "account"},
		"`bad_input` a request that its description does not allow": {setting(body, "on", "perhaps"), "body.on"},
		"`idempotency_key_reused` the key of another request":       {func(a *attempt) { a.account, a.idempotency = keyed, "open" }, "idempotency key"},
		"`unknown_account` an account that there is not":            {of("customer-999"), "customer-999"},
		"`unknown_product` a product that no page sells":            {func(a *attempt) { a.product = "treaty" }, "treaty"},
		"`agreement_not_accepted` an account that nothing binds":    {of(bare), bare},
		"`bad_input` an add-on that no document names":              {func(a *attempt) { a.addOn = "tea" }, "tea"},
		"`agreement_not_accepted` a document that it demands": {func(a *attempt) {
			a.body["on"] = true
			if a.addOn == "monitoring" {
				a.addOn = "licensed_image"
			}
		}, "licence-hazelworks"},
	},
}

var publishingLadder = ladder{
	right: func() *attempt { return &attempt{folder: sampleFolder()} },
	try:   tryPublishing,
	steps: map[string]step{
		"`document_invalid` a file that breaks the rules of documents": {func(a *attempt) {
			a.folder["agreements/broken.yaml"] = &fstest.MapFile{Data: []byte("document: broken\n")}
		}, "broken.yaml"},
		"`already_exists` another currency or time zone": {func(a *attempt) {
			a.swap("provider.yaml", "provider.yaml", "currency: CNY", "currency: USD")
		}, "USD"},
		"`already_exists` a published version with other content": {func(a *attempt) {
			a.swap("agreements/billing-rules.yaml", "agreements/billing-rules.yaml", "half_up", "half_even")
		}, "billing-rules"},
		"`change_hidden` a version that changes more than it declares": {func(a *attempt) {
			if a.folder["agreements/next.yaml"] == nil {
				a.swap("agreements/general-agreement.yaml", "agreements/next.yaml", `version: "2025-06"`, `version: "2026-02"`,
					"announced: 2025-05-01", "announced: 2026-01-05", "effective: 2025-06-01", "effective: 2027-01-01",
					"late_fee.rate: 0.05%/day", "late_fee.rate: 0.04%/day")
			}
			a.swap("agreements/next.yaml", "agreements/next.yaml", "by: acceptance", "change: [migration]\nby: acceptance")
		}, "2026-02"},
		"`notice_too_short` a version that comes too soon": {func(a *attempt) {
			a.swap("agreements/general-agreement.yaml", "agreements/next.yaml", `version: "2025-06"`, `version: "2026-02"`,
				"announced: 2025-05-01", "announced: 2026-01-05", "effective: 2025-06-01", "effective: 2026-01-07",
				"late_fee.rate: 0.05%/day", "late_fee.rate: 0.04%/day")
		}, "2026-02"},
	},
}

var keyLadder = ladder{
	right: func() *attempt {
		return &attempt{newKey: app.NewKey{Name: "fresh", Role: app.Customer, Scope: debtor}}
	},
	try: tryMakingAKey,
	steps: map[string]step{
		"`bad_input` no name":                                      {func(a *attempt) { a.newKey.Name = " " }, "no name"},
		"`bad_input` a role that there is not":                     {func(a *attempt) { a.newKey.Role = "king" }, "king"},
		"`bad_input` a scope that the role does not have, or none": {func(a *attempt) { a.newKey.Role, a.newKey.Scope = app.Operator, debtor }, "scope"},
		"`unknown_account` an account that there is not":           {func(a *attempt) { a.newKey.Role, a.newKey.Scope = app.Customer, "customer-999" }, "customer-999"},
		"`unknown_product` a product that no page sells":           {func(a *attempt) { a.newKey.Role, a.newKey.Scope = app.ProductTeam, "moonbeams" }, "moonbeams"},
	},
}

var explainingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "debtor", row: "acc_" + debtor + "_2_1", asked: url.Values{}}
	},
	try: asking("/v1/explanations/ROW"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                        {withKey(""), "API key"},
		"`forbidden` a role that may not":                            {withKey("compute"), "role"},
		"`bad_input` a request that its description does not allow":  {putting("colour", "red"), "colour"},
		"`not_found` from a customer: what is no row of its account": {withKey("payer"), "no explanation"},
		"`bad_input` what is not the name of a row":                  {func(a *attempt) { a.key, a.row = "operator", "tea" }, "not the name of a row"},
		"`not_found` a row of an account that there is not":          {func(a *attempt) { a.key, a.row = "operator", "acc_customer-999_2_1" }, "customer-999"},
		"`not_found` a row that there is not":                        {func(a *attempt) { a.row = "acc_" + debtor + "_999_1" }, "no row"},
	},
}

var resolvingLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", asked: url.Values{"key": {"late_fee.rate"}, "account": {debtor}, "product": {"compute-payg"}}}
	},
	try: asking("/v1/resolutions"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                                  {withKey(""), "API key"},
		"`forbidden` a role that may not":                                      {withKey("compute"), "role"},
		"`not_found` another customer's account":                               {withKey("payer"), "account"},
		"`bad_input` a request that its description does not allow":            {putting("colour", "red"), "colour"},
		"`bad_input` an instant that cannot be read":                           {putting("at", "noon"), "noon"},
		"`bad_input` a name that is no term":                                   {putting("key", "late_fee.rat"), "not a term key"},
		"`unknown_account` an account that there is not":                       {putting("account", "customer-999"), "customer-999"},
		"`bad_input` an instant before all documents":                          {putting("at", "2000-01-01T00:00:00+08:00"), `"place":"at"`},
		"`bad_input` an instant at which no document was known":                {putting("known", "2000-01-01T00:00:00+08:00"), `"place":"known"`},
		"`bad_input` a purchase after the instant that is asked about":         {putting("bought", "2030-01-01T00:00:00+08:00"), `"place":"bought"`},
		"`unknown_product` a product that no page sells":                       {putting("product", "moonbeams"), "moonbeams"},
		"`agreement_not_accepted` an account that nothing binds":               {putting("account", bare), bare},
		"`term_missing` a term that nothing sets, though silence says nothing": {putting("key", "invoice.vat"), "invoice.vat"},
		"`term_conflict` a term on which documents contradict each other":      {putting("account", torn), "nothing decides"},
	},
}

var historyLadder = ladder{
	right: func() *attempt {
		return &attempt{key: "operator", account: debtor, asked: url.Values{"kind": {"late_fee"}}}
	},
	try: asking("/v1/accounts/ACCOUNT/history"),
	steps: map[string]step{
		"`unauthenticated` no key that works":                       {withKey(""), "API key"},
		"`forbidden` a role that may not":                           {withKey("compute"), "role"},
		"`not_found` another customer's account":                    {withKey("payer"), "account"},
		"`bad_input` a request that its description does not allow": {putting("limit", "1001"), "limit"},
		"`bad_input` a value that cannot be read":                   {putting("month", "2026-13"), "2026-13"},
		"`bad_input` events that were refused beside other kinds":   {func(a *attempt) { a.asked.Add("kind", "event") }, `"place":"kind"`},
		"`bad_input` a cursor of another list":                      {putting("cursor", "dGVh"), "not a cursor"},
		"`unknown_account` an account that there is not":            {of("customer-999"), "customer-999"},
	},
}
