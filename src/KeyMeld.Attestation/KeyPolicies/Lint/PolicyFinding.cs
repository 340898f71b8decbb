namespace KeyMeld.Attestation;

/// <summary>A weakness of a policy.</summary>
/// <param name="Code">Stable, lower-case.</param>
/// <param name="Statement">The Sid of the statement, <c>#n</c> where it has none, or <c>policy</c> where the document as a whole lacks something.</param>
/// <param name="Why">What an attacker gets from it, one sentence.</param>
/// <param name="Action">What to do.</param>
public sealed record PolicyFinding(string Code, string Statement, string Why, string Action);
