package main

import "termwise.dev/app"

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make an API key; its token is shown this once."`
	List   keysListCmd   `cmd:"" help:"List API keys."`
	Revoke keysRevokeCmd `cmd:"" help:"End an API key."`
}

type keysCreateCmd struct {
	Name  string `arg:"" help:"Whose key it is, as the journal will name them."`
	Role  string `required:"" help:"operator, customer or product."`
	Scope string `help:"A customer's account, or a product."`
}

// createdKey is a new key with its token.
type createdKey struct {
	app.Key
	Token string `json:"token"`
}

// Run makes the key.
func (c *keysCreateCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		key, token, err := a.CreateKey(s, app.NewKey{Name: c.Name, Role: app.Role(c.Role), Scope: c.Scope})
		if err != nil {
			return err
		}
		return s.answer(createdKey{key, token}, func(p *page) {
			p.line("%s", token)
			whose := string(key.Role)
			if key.Scope != "" {
				whose += " " + key.Scope
			}
			p.line("This is the token of key %s (%s). It is not shown again.", key.ID, whose)
		})
	})
}

type keysListCmd struct{}

// Run lists the keys.
func (c *keysListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		keys, err := a.Keys(s)
		if err != nil {
			return err
		}
		return s.answer(keys, func(p *page) {
			rows := make([][]cell, len(keys))
			for i, k := range keys {
				rows[i] = []cell{k.ID, k.Name, string(k.Role), k.Scope, k.Created, k.Revoked}
			}
			p.table([]string{"key", "name", "role", "scope", "created", "revoked"}, rows)
		})
	})
}

type keysRevokeCmd struct {
	ID string `arg:"" help:"The key's id."`
}

// Run ends the key.
func (c *keysRevokeCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		key, err := a.RevokeKey(s, c.ID)
		if err != nil {
			return err
		}
		return s.answer(key, func(p *page) { p.line("Key %s (%s) was revoked at %s.", key.ID, key.Name, key.Revoked) })
	})
}
