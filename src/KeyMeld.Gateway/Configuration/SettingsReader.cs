using System.Collections;
using System.Collections.Immutable;
using System.Net;
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
        var server = ReadServer(root.Section("server"));
        var storage = ReadStorage(root.Section("storage"));
        var kms = ReadKms(root.Section("kms"), production);
        var enclaves = ReadEnclaves(root);
        var forwarder = root.Has("forwarder") ? ForwarderSection.Read(root.Section("forwarder"), kms, enclaves, production) : null;
        var relay = root.Has("relay") ? RelaySection.Read(root.Section("relay")) : null;
        RelaySection.Check(root, relay, enclaves);
        var limits = ReadLimits(root.Section("limits", required: false));
        var level = ReadLogLevel(root);
        var token = ReadOperator(root.Section("operator", required: false));
        var instanceRole = ReadCredentials(root.Section("credentials", required: false));
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
            OperatorTokenHash = token,
            InstanceRole = instanceRole,
        };
    }

    private static ServerSettings? ReadServer(SettingsSection section)
    {
        var listen = ReadListen(section);
        var publicUrl = ReadPublicUrl(section);
        var certificate = section.OptionalText("certificate");
        var key = section.OptionalText("certificate_key");
        section.Finish();
        if (certificate is null != key is null)
        {
            section.Fail<object>("certificate", "certificate and certificate_key belong together: give both or neither");
        }
        if (listen is null || publicUrl is null)
        {
            return null;
        }
        var tls = certificate is null || key is null ? null : new CertificateFiles(certificate, key);
        if (listen.Scheme == "https" != tls is not null)
        {
            section.Fail<object>("listen", "https:// needs certificate and certificate_key, http:// has no use for them");
        }
        return new ServerSettings(new IPEndPoint(IPAddress.Parse(listen.Host.Trim('[', ']')), listen.Port), publicUrl, tls);
    }

    private static Uri? ReadListen(SettingsSection section)
    {
        var text = section.Text("listen");
        return text is null ? null
            : IsOrigin(text, out var uri) && IPAddress.TryParse(uri.Host.Trim('[', ']'), out _) ? uri
            : section.Fail<Uri>("listen", $"must be http://ADDRESS:PORT or https://ADDRESS:PORT with an IP address, not '{text}'");
    }

    private static Uri? ReadPublicUrl(SettingsSection section)
    {
        var text = section.Text("public_url");
        if (text is null)
        {
            return null;
        }
        if (!IsOrigin(text, out var uri))
        {
            return section.Fail<Uri>("public_url", $"must be https://HOST or https://HOST:PORT without a path, not '{text}'");
        }
        return uri.Scheme == "http" && !uri.IsLoopback
            ? section.Fail<Uri>("public_url", $"http:// is for this machine only; '{text}' needs https://")
            : uri;
    }

    private static StorageSettings? ReadStorage(SettingsSection section)
    {
        var kind = section.Text("kind");
        if (kind is not (null or "sqlite"))
        {
            section.Fail<object>("kind", $"must be sqlite, not '{kind}'");
        }
        var path = section.Text("path");
        section.Finish();
        return path is null ? null : new StorageSettings(path);
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
        if (endpointText is not null && !IsOrigin(endpointText, out endpoint))
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

    private static LimitSettings ReadLimits(SettingsSection section)
    {
        var limits = new LimitSettings
        {
            CallsPerSecond = section.Number("calls_per_second", 1, 1_000_000, 5_000) ?? 0,
            IdentitiesPerSecond = section.Number("identities_per_second", 1, 1_000_000, 1_000) ?? 0,
            Connections = section.Number("connections", 1, 1_000_000, 10_000) ?? 0,
            Waits = section.Number("waits", 1, 1_000_000, 5_000) ?? 0,
            WaitsPerAddress = section.Number("waits_per_address", 1, 1_000_000, 1_000) ?? 0,
            LargeBodies = section.Number("large_bodies", 1, 1_000, 8) ?? 0,
        };
        section.Finish();
        return limits;
    }

    private static LogLevel ReadLogLevel(SettingsSection root) => root.OptionalText("log") switch
    {
        null or "information" => LogLevel.Information,
        "debug" => LogLevel.Debug,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        var other => root.Fail<LogLevel>("log", $"must be debug, information, warning or error, not '{other}'"),
    };

    private static ImmutableArray<byte>? ReadOperator(SettingsSection section)
    {
        var hash = section.OptionalText("token_sha256");
        section.Finish();
        return hash is null ? null
            : hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower) ? [.. Convert.FromHexString(hash)]
            : section.Fail<ImmutableArray<byte>?>("token_sha256", "must be the SHA-256 of the token, 64 lower-case hex digits");
    }

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

    private static bool IsOrigin(string text, out Uri uri) => Uri.TryCreate(text, UriKind.Absolute, out uri!)
        && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0 && uri.Host.Length > 0;
}
