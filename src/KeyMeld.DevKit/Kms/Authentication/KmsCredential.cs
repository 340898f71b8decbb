using System.Text.Json.Serialization;

namespace KeyMeld.DevKit.Kms.Authentication;

/// <summary>One set of AWS credentials the emulator knows and the principal it stands for. A class, so that printing it prints no secret.</summary>
public sealed class KmsCredential
{
    public required string Name { get; init; }

    public required string AccessKeyId { get; init; }

    public required string SecretAccessKey { get; init; }

    /// <summary>Temporary credentials have one, and a request signed with them must carry it.</summary>
    public string? SessionToken { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>ARN of the IAM user or role, as key policies name it and as `aws:PrincipalArn` shows it.</summary>
    public required string PrincipalArn { get; init; }

    /// <summary>Session of a role: the caller then is `arn:aws:sts::account:assumed-role/role/session`.</summary>
    public string? SessionName { get; init; }

    [JsonIgnore]
    public string AccountId => PrincipalArn.Split(':') is { Length: >= 6 } parts ? parts[4] : "";

    /// <summary>How AWS names the caller in error messages and events.</summary>
    [JsonIgnore]
    public string CallerArn => SessionName is null || !PrincipalArn.Contains(":role/", StringComparison.Ordinal)
        ? PrincipalArn
        : $"arn:aws:sts::{AccountId}:assumed-role/{PrincipalArn[(PrincipalArn.LastIndexOf('/') + 1)..]}/{SessionName}";

    public override string ToString() => $"{Name} ({AccessKeyId}, {CallerArn})";
}
