package account

// Tariff is what settlement asks a set of terms for before each charge.
var Tariff = tariff
