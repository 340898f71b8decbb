using System.Text.RegularExpressions;

namespace KeyMeld.DevKit.Kms.Policies;

/// <summary>Who calls: the ARN of the user or role, and for a role also that of the session.</summary>
internal sealed record Caller(string PrincipalArn, string CallerArn, string AccountId);

/// <summary>
/// One entry of a Principal element. Simplified against AWS: an account (its id or `:root`) stands for all its principals, and those the emulator knows all
/// have IAM's leave for every KMS action, so that a key policy which delegates to the account lets all of them in, as a careless one does on AWS.
/// Principals need not exist, only be well-formed.
/// </summary>
internal sealed partial record PolicyPrincipal(string Value)
{
    private const string Account = "[0-9]{12}";
    private const string Name = "[A-Za-z0-9_+=,.@-]+";
    private const string Path = "[A-Za-z0-9_+=,.@/-]+";
    private const string User = $"arn:aws:iam::{Account}:(?:root|(?:user|role)/{Path})";
    private const string Session = $"arn:aws:sts::{Account}:(?:assumed-role/{Name}/{Name}|federated-user/{Name})";

    public static bool IsWellFormed(string value) => value == "*" || WellFormed().IsMatch(value);

    public bool Matches(Caller caller) =>
        Value == "*"
        || Value == caller.PrincipalArn
        || Value == caller.CallerArn
        || Value == caller.AccountId
        || Value == $"arn:aws:iam::{caller.AccountId}:root";

    [GeneratedRegex($@"\A(?:{Account}|{User}|{Session})\z")]
    private static partial Regex WellFormed();
}
