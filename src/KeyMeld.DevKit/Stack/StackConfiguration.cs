using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Tls;

namespace KeyMeld.DevKit.Stack;

/// <summary>Writes the configuration files of the development stack.</summary>
internal static class StackConfiguration
{
    // endpoint: where KMS is; null where it is reached through the forwarder, by its own name.
    public static void WriteEnclave(StackLayout layout, StackOptions options, string keyId, IReadOnlyList<string> previousKeyIds, Uri? endpoint)
    {
        var links = new StackLinks(options, layout);
        var text = $"""
            # Written by the development stack. This file is measured: the NSM simulator computes PCR0 and PCR2 from it.
            mode: development
            kms:
              key_id: "{keyId}"
              previous_key_ids: [{string.Join(", ", previousKeyIds.Select(id => $"\"{id}\""))}]
              region: {options.Region}
              endpoint_url: {Quote(endpoint)}
              enable_attestation: {(options.Attestation ? "true" : "false")}

            """;
        if (links.AreForwarded)
        {
            var roots = File.ReadAllText(KmsTls.RootPath(layout.DevKit)).Trim().ReplaceLineEndings("\n    ");
            text += $"  forwarder: \"{links.Forwarder}\"\n  tls_roots: |\n    {roots}\n";
        }
        if (links.AreVsock)
        {
            text += string.Create(CultureInfo.InvariantCulture, $"parent_cid: {StackLinks.LocalCid}\n");
        }
        WriteIfChanged(layout.EnclaveConfiguration, text);
    }

    /// <summary>In the form that <c>nitro-cli describe-eif</c> prints measurements, with the KMS key beside them.</summary>
    public static void WriteRelease(string path, Release release) => WriteIfChanged(path, $$"""
        {"Measurements": {"HashAlgorithm": "Sha384 { ... }", "PCR0": "{{release.Pcr0}}", "PCR1": "{{release.Pcr1}}", "PCR2": "{{release.Pcr2}}"}, "KmsKeyArn": "{{release.KmsKeyArn}}"}

        """);

    // listen: where the gateway answers; all of them have the one public URL.
    public static void WriteGateway(StackLayout layout, StackOptions options, int number, Uri listen, string keyId, Uri? endpoint)
    {
        var links = new StackLinks(options, layout);
        var text = new StringBuilder($$"""
            # Written by the development stack; see config/development.yaml for every setting.
            mode: development
            server: { listen: "{{listen.GetLeftPart(UriPartial.Authority)}}", public_url: "http://127.0.0.1:{{options.Port}}" }
            storage: {{Storage(layout, options)}}
            operator: { token_sha256: "{{OperatorTokenHash(layout)}}" }
            attestation: { development_root: "{{layout.RootCertificate}}", releases: ["{{layout.Release}}"] }
            kms: { enabled: true, endpoint_url: {{Quote(endpoint)}}, key_id: "{{keyId}}", enable_attestation: {{(options.Attestation ? "true" : "false")}} }
            enclaves:

            """);
        for (var id = 0; id < options.Enclaves; id++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  - {{ id: {id}, address: \"{links.Enclave(id)}\" }}");
        }
        // One forwarder is enough for all enclaves of the machine.
        if (links.AreForwarded && number == 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"forwarder: {{ listen: \"{links.Forwarder}\", target: \"127.0.0.1:{options.KmsTlsPort}\" }}");
        }
        WriteIfChanged(layout.GatewayConfigurationOf(number), text.ToString());
    }

    private static string Storage(StackLayout layout, StackOptions options) => options.Postgres is { } server
        ? $"{{ kind: postgres, host: \"{server.Host}\", port: {server.Port}, database: \"{server.Database}\", user: \"{server.User}\"{(server.PasswordFile is { } file ? $", password_file: \"{file}\"" : "")}{(server.Tls ? "" : ", tls: off")} }}"
        : $"{{ kind: sqlite, path: \"{layout.Database}\" }}";

    /// <summary>The same decisions as environment overrides, for a configuration file of the user's.</summary>
    public static Dictionary<string, string> Overrides(StackLayout layout, StackOptions options, string keyId, Uri? endpoint)
    {
        var links = new StackLinks(options, layout);
        var overrides = new Dictionary<string, string>
        {
            ["KEYMELD__SERVER__LISTEN"] = $"http://127.0.0.1:{options.Port}",
            ["KEYMELD__SERVER__PUBLIC_URL"] = $"http://127.0.0.1:{options.Port}",
            ["KEYMELD__STORAGE__PATH"] = layout.Database,
            ["KEYMELD__KMS__ENDPOINT_URL"] = endpoint?.GetLeftPart(UriPartial.Authority) ?? "",
            ["KEYMELD__KMS__KEY_ID"] = keyId,
            ["KEYMELD__KMS__ENABLE_ATTESTATION"] = options.Attestation ? "true" : "false",
            ["KEYMELD__OPERATOR__TOKEN_SHA256"] = OperatorTokenHash(layout),
            ["KEYMELD__ATTESTATION__DEVELOPMENT_ROOT"] = layout.RootCertificate,
            ["KEYMELD__ATTESTATION__RELEASES__0"] = layout.Release,
        };
        for (var id = 0; id < options.Enclaves; id++)
        {
            overrides[$"KEYMELD__ENCLAVES__{id}__ID"] = id.ToString(CultureInfo.InvariantCulture);
            overrides[$"KEYMELD__ENCLAVES__{id}__ADDRESS"] = links.Enclave(id);
        }
        if (links.AreForwarded)
        {
            overrides["KEYMELD__FORWARDER__LISTEN"] = links.Forwarder;
            overrides["KEYMELD__FORWARDER__TARGET"] = $"127.0.0.1:{options.KmsTlsPort}";
        }
        return overrides;
    }

    // Made once for each data folder, readable by its owner only; the gateway gets the hash.
    private static string OperatorTokenHash(StackLayout layout)
    {
        if (!File.Exists(layout.OperatorToken))
        {
            using var file = new FileStream(layout.OperatorToken, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            file.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(KernelRandom.Bytes(32)) + "\n"));
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(File.ReadAllText(layout.OperatorToken).Trim())));
    }

    private static string Quote(Uri? endpoint) => endpoint is null ? "null" : $"\"{endpoint.GetLeftPart(UriPartial.Authority)}\"";

    private static void WriteIfChanged(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            File.WriteAllText(path, text);
        }
    }
}
