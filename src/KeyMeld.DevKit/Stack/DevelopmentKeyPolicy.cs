using System.Text;
using System.Text.Json;
using KeyMeld.DevKit.Nsm;

namespace KeyMeld.DevKit.Stack;

/// <summary>
/// The key policy of the development stack, of the shape that AWS deployments use: the enclave's role may decrypt and make data keys with exactly the PCRs of this
/// build and configuration, an explicit Deny catches every call without them, and the administrator administers but cannot use the key.
/// </summary>
public static class DevelopmentKeyPolicy
{
    private static readonly string[] Administration =
    [
        "kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
        "kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias",
    ];

    /// <summary>The policy document.</summary>
    /// <param name="administrator">ARN that may administer the key.</param>
    /// <param name="role">ARN of the role whose credentials the gateway pushes to the enclaves.</param>
    /// <param name="releases">The builds that may use the key, one Allow each: arrays in one statement would allow cross products.</param>
    public static string Write(string administrator, string role, IReadOnlyList<Measurement> releases)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("Version", "2012-10-17");
            json.WriteStartArray("Statement");
            Statement(json, "administration", "Allow", administrator, Administration, null);
            foreach (var (release, index) in releases.Select((release, index) => (release, index)))
            {
                Statement(json, $"release{index}", "Allow", role, ["kms:Decrypt", "kms:GenerateDataKey"],
                    () => Condition(json, "StringEqualsIgnoreCase", Pcrs(release).Select(pcr => (pcr.Key, (IReadOnlyList<string>)[pcr.Value]))));
            }
            foreach (var pcr in (string[])["PCR0", "PCR1", "PCR2"])
            {
                // True also when the attestation is missing, so that no grant or IAM policy gets around it.
                Statement(json, $"only{pcr}", "Deny", "*", ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DeriveSharedSecret"],
                    () => Condition(json, "StringNotEqualsIgnoreCase", [(pcr, releases.Select(release => Pcrs(release)[pcr]).Distinct().ToArray())]));
            }
            Statement(json, "never", "Deny", "*", ["kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant", "kms:ReplicateKey"], null);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>The same without attestation: whoever has the role's credentials can use the key. For stacks that stand in for LocalStack.</summary>
    public static string WriteWithoutAttestation(string administrator, string role)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("Version", "2012-10-17");
            json.WriteStartArray("Statement");
            Statement(json, "administration", "Allow", administrator, Administration, null);
            Statement(json, "use", "Allow", role, ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"], null);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static Dictionary<string, string> Pcrs(Measurement release) => new() { ["PCR0"] = release.Pcr0, ["PCR1"] = release.Pcr1, ["PCR2"] = release.Pcr2 };

    private static void Statement(Utf8JsonWriter json, string id, string effect, string principal, IReadOnlyList<string> actions, Action? condition)
    {
        json.WriteStartObject();
        json.WriteString("Sid", id);
        json.WriteString("Effect", effect);
        json.WriteStartObject("Principal");
        json.WriteString("AWS", principal);
        json.WriteEndObject();
        json.WriteStartArray("Action");
        foreach (var action in actions)
        {
            json.WriteStringValue(action);
        }
        json.WriteEndArray();
        json.WriteString("Resource", "*");
        condition?.Invoke();
        json.WriteEndObject();
    }

    private static void Condition(Utf8JsonWriter json, string operation, IEnumerable<(string Pcr, IReadOnlyList<string> Values)> rows)
    {
        json.WriteStartObject("Condition");
        json.WriteStartObject(operation);
        foreach (var (pcr, values) in rows)
        {
            json.WriteStartArray($"kms:RecipientAttestation:{pcr}");
            foreach (var value in values)
            {
                json.WriteStringValue(value);
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
