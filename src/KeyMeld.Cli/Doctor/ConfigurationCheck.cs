using System.Diagnostics;
using System.Text.Json;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Doctor;

/// <summary>Has the gateway itself check its configuration: what it would not start with is what is wrong.</summary>
internal static class ConfigurationCheck
{
    private const string Name = "configuration";
    private const int SoonDays = 14;

    public static async Task<IReadOnlyList<Diagnosis>> RunAsync(Patient patient, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Programs.Find("KeyMeld.Gateway"), ["--config", patient.ConfigFile, "--check"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["DOTNET_ROOT"] = Programs.DotnetRoot;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            return [.. (await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !line.EndsWith("configuration_invalid:", StringComparison.Ordinal))
                .Select(line => new Diagnosis(Name, Health.Wrong, line, "Correct this setting; config/production.yaml explains each."))];
        }
        using var document = JsonDocument.Parse(output);
        patient.Facts = Read(document.RootElement);
        var facts = patient.Facts;
        return
        [
            new(Name, Health.Fine, $"{facts.Mode}, {facts.Enclaves.Count} enclaves, KMS key {facts.KmsKeyId}"),
            .. facts.Attestation ? [] : new[] { new Diagnosis(Name, Health.Notable, "kms.enable_attestation is false: whoever has the credentials opens the sealed keys", "For development only; set it to true with a full key ARN.") },
            .. document.RootElement.GetProperty("certificates").EnumerateArray().Select(CertificateOf),
            .. facts.PreviousKmsKeyIds.Count == 0 ? [] : new[]
            {
                new Diagnosis(Name, Health.Notable, $"the KMS key is being changed; still accepted: {string.Join(", ", facts.PreviousKmsKeyIds)}", "When every enclave moved and `keymeld enclave rewrap` is done, empty kms.previous_key_ids."),
            },
        ];
    }

    private static Diagnosis CertificateOf(JsonElement certificate)
    {
        var (file, days) = (certificate.GetProperty("file").GetString(), certificate.GetProperty("days_left").GetInt32());
        return new Diagnosis(
            $"{certificate.GetProperty("listener").GetString()} certificate",
            days < 0 ? Health.Wrong : days < SoonDays ? Health.Notable : Health.Fine,
            days < 0 ? $"{file} has ended" : $"{file} ends in {days} days",
            days < SoonDays ? "Put a new certificate and its key in place of the files; a running gateway takes them within seconds." : null);
    }

    private static GatewayFacts Read(JsonElement root) => new(
        root.GetProperty("mode").GetString()!,
        new Uri(root.GetProperty("public_url").GetString()!),
        root.GetProperty("storage").GetString()!,
        root.GetProperty("database").GetString()!,
        root.GetProperty("kms_key_id").GetString()!,
        [.. root.GetProperty("previous_kms_key_ids").EnumerateArray().Select(key => key.GetString()!)],
        root.TryGetProperty("kms_endpoint", out var endpoint) ? new Uri(endpoint.GetString()!) : null,
        root.GetProperty("attestation").GetBoolean(),
        [.. root.GetProperty("enclaves").EnumerateArray().Select(id => id.GetInt32())]);
}
