using System.Collections;
using System.Collections.Immutable;
using KeyMeld.Gateway.Relaying;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.Kms;
using KeyMeld.Wire.Transport;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Gateway.Configuration;

/// <summary>From file and environment to <see cref="GatewaySettings"/>, or every reason why not.</summary>
internal static class SettingsReader
{
    public const int MaxEnclaves = 64;

    public static GatewaySettings Load(string file, IDictionary environment)
    {
        try
        {
            return Read(File.ReadAllText(file), environment);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"{file}: {exception.Message}", exception);
        }
    }

    /// <exception cref="KeyMeldException">configuration_invalid; the message has one line for each mistake.</exception>
    public static GatewaySettings Read(string yaml, IDictionary environment)
    {
        var errors = new List<string>();
        var tree = SettingsFile.Parse(yaml, environment, errors);
        var settings = tree is null ? null : Read(tree, errors);
        if (settings is null || errors.Count > 0)
        {
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, string.Join('\n', errors));
        }
        return settings;
    }

    private static GatewaySettings? Read(YamlMappingNode tree, List<string> errors)
    {
        var root = SettingsSection.Root(tree, errors);
        bool? production = root.Text("mode") switch
        {
            "production" => true,
            "development" => false,
            null => null,
            var other => root.Fail<bool?>("mode", $"must be production or development, not '{other}'"),
        };
        var server = ServerSection.Read(root.Section("server"));
        var storage = StorageSection.Read(root.Section("storage"), production);
        var kms = ReadKms(root.Section("kms"), production);
        var enclaves = ReadEnclaves(root);
        var forwarder = root.Has("forwarder") ? ForwarderSection.Read(root.Section("forwarder"), kms, enclaves, production) : null;
        var relay = root.Has("relay") ? RelaySection.Read(root.Section("relay")) : null;
        RelaySection.Check(root, relay, enclaves);
        var limits = LimitsSection.Read(root.Section("limits", required: false));
        var level = ReadLogLevel(root);
        var json = ReadLogFormat(root);
        var telemetry = TelemetrySection.Read(root.Section("telemetry", required: false));
        var (token, operators) = OperatorSection.Read(root.Section("operator", required: false), production);
        var instanceRole = ReadCredentials(root.Section("credentials", required: false));
        var attestation = AttestationSection.Read(root.Section("attestation", required: false), production);
        root.Finish();
        if (production is not { } mode || server is null || storage is null || kms is null)
        {
            return null;
        }
        return new GatewaySettings
        {
            Production = mode,
            Server = server,
            Storage = storage,
            Kms = kms,
            Enclaves = enclaves,
            Limits = limits,
            Forwarder = forwarder,
            Relay = relay,
            LogLevel = level,
            LogsJson = json,
            Telemetry = telemetry,
            OperatorTokenHash = token,
            OperatorListener = operators,
            InstanceRole = instanceRole,
            Attestation = attestation,
        };
    }

    private static KmsSettings? ReadKms(SettingsSection section, bool? production)
    {
        var enabled = section.Flag("enabled");
        var keyId = section.Text("key_id");
        var endpointText = section.OptionalText("endpoint_url");
        var attestation = section.Flag("enable_attestation");
        var previous = section.Texts("previous_key_ids");
        section.Finish();
        if (previous.FirstOrDefault(key => !KmsKeyArn.IsKeyArn(key)) is { } noKey)
        {
            section.Fail<object>("previous_key_ids", $"are full key ARNs, not '{noKey}'");
        }
        Uri? endpoint = null;
        if (endpointText is not null && !Origin.TryParse(endpointText, out endpoint))
        {
            section.Fail<object>("endpoint_url", $"must be null or http(s)://HOST:PORT without a path, not '{endpointText}'");
        }
        if (production == true)
        {
            CheckProductionKms(section, enabled, endpoint, keyId, attestation);
        }
        if (attestation == true && keyId is not null && !KmsKeyArn.IsKeyArn(keyId))
        {
            section.Fail<object>("key_id", $"with enable_attestation the full key ARN (arn:aws:kms:REGION:ACCOUNT:key/ID) is needed, not '{keyId}'");
        }
        return enabled is { } on && keyId is not null && attestation is { } attested ? new KmsSettings(on, keyId, endpoint, attested) { PreviousKeyIds = previous } : null;
    }

    private static void CheckProductionKms(SettingsSection section, bool? enabled, Uri? endpoint, string? keyId, bool? attestation)
    {
        if (enabled == false)
        {
            section.Fail<object>("enabled", "must be true in production: without KMS the enclaves have no keys");
        }
        if (attestation == false)
        {
            section.Fail<object>("enable_attestation", "must be true in production");
        }
        if (endpoint is not null && !(endpoint is { Scheme: "https", IsDefaultPort: true } && keyId is not null && KmsKeyArn.RegionOf(keyId) is { } region && KmsHost.IsOf(endpoint.Host, region)))
        {
            section.Fail<object>("endpoint_url", "must in production be null, for the region's own endpoint, or https:// and AWS's own: the FIPS endpoint or a VPC endpoint of the key's region");
        }
    }

    private static ImmutableArray<EnclaveSettings> ReadEnclaves(SettingsSection root)
    {
        var list = ImmutableArray.CreateBuilder<EnclaveSettings>();
        foreach (var section in root.Sections("enclaves"))
        {
            var id = section.Number("id", 0, int.MaxValue);
            var address = section.Text("address");
            section.Finish();
            var isRelayed = address is not null && RelayAddress.TryParse(address, out _);
            if (address is not null && !isRelayed && !(EnclaveAddress.TryParse(address, out var parsed) && parsed.CanConnect))
            {
                section.Fail<object>("address", $"must be {EnclaveAddress.Forms}, or {RelayAddress.Form}, not '{address}'");
            }
            if (list.Any(other => other.Id == id || (other.Address == address && !isRelayed)))
            {
                section.Fail<object>("id", $"another enclave has this id or address already ({id}, {address})");
            }
            if (id is { } number && address is not null)
            {
                list.Add(new EnclaveSettings((uint)number, address));
            }
        }
        if (list.Count > MaxEnclaves)
        {
            root.Fail<object>("enclaves", $"are at most {MaxEnclaves}");
        }
        return list.ToImmutable();
    }

    private static LogLevel ReadLogLevel(SettingsSection root) => root.OptionalText("log") switch
    {
        null or "information" => LogLevel.Information,
        "debug" => LogLevel.Debug,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        var other => root.Fail<LogLevel>("log", $"must be debug, information, warning or error, not '{other}'"),
    };

    private static bool ReadLogFormat(SettingsSection root) => root.OptionalText("log_format") switch
    {
        null or "text" => false,
        "json" => true,
        var other => root.Fail<bool>("log_format", $"must be text or json, not '{other}'"),
    };

    private static bool ReadCredentials(SettingsSection section)
    {
        var source = section.OptionalText("source");
        section.Finish();
        return source switch
        {
            null or "environment" => false,
            "instance_role" => true,
            var other => section.Fail<bool>("source", $"must be environment or instance_role, not '{other}'"),
        };
    }
}
