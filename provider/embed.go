package provider

import "embed"

// Sample is the sample provider's folder.
//
//go:embed provider.yaml calendar.yaml agreements products usage demo
var Sample embed.FS
