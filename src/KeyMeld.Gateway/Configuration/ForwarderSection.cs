using System.Collections.Immutable;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Gateway.Configuration;

/// <summary>The <c>forwarder</c> section; without it the gateway forwards nothing.</summary>
internal static class ForwarderSection
{
    /// <param name="section">The section.</param>
    /// <param name="kms">What the gateway is told of KMS; where <c>target</c> is left out, its endpoint is the target.</param>
    /// <param name="enclaves">Only their context ids are admitted by vsock.</param>
    /// <param name="production">Whether the target must be AWS's own KMS.</param>
    public static ForwarderSettings? Read(SettingsSection section, KmsSettings? kms, ImmutableArray<EnclaveSettings> enclaves, bool? production)
    {
        var listen = ReadListen(section, production);
        var target = ReadTarget(section, kms);
        var settings = listen is null || target is null ? null : new ForwarderSettings(listen, target, Cids(enclaves));
        var connections = section.Number("connections", 1, 10_000, 64) ?? 0;
        var idle = section.Number("idle_seconds", 1, 3_600, 120) ?? 0;
        section.Finish();
        if (production == true && target is not null && kms is not null && KmsKeyArn.RegionOf(kms.KeyId) is { } region && !target.IsKms(region))
        {
            section.Fail<object>("target", $"must in production be KMS of region {region}, such as {ForwarderTarget.Of(region)}, not '{target}'");
        }
        if (settings is { Listen: EnclaveAddress.VsockPort, Cids.IsEmpty: true })
        {
            section.Fail<object>("listen", "is a vsock port, but no enclave has a vsock address: nobody could use it");
        }
        return settings is null ? null : settings with { Connections = connections, Idle = TimeSpan.FromSeconds(idle) };
    }

    private static EnclaveAddress? ReadListen(SettingsSection section, bool? production)
    {
        var text = section.Text("listen");
        if (text is null)
        {
            return null;
        }
        return !EnclaveAddress.TryParse(text, out var address) ? section.Fail<EnclaveAddress>("listen", $"must be {EnclaveAddress.Forms}, not '{text}'")
            : production == true && address is not EnclaveAddress.VsockPort ? section.Fail<EnclaveAddress>("listen", $"must be a vsock port in production, such as vsock:any:8000, not '{text}'")
            : address;
    }

    private static ForwarderTarget? ReadTarget(SettingsSection section, KmsSettings? kms)
    {
        var text = section.OptionalText("target");
        if (text is not null)
        {
            return ForwarderTarget.Parse(text) ?? section.Fail<ForwarderTarget>("target", $"must be HOST:PORT, not '{text}'");
        }
        return kms?.Endpoint is { } endpoint ? new ForwarderTarget(endpoint.Host, endpoint.Port)
            : kms is not null && KmsKeyArn.RegionOf(kms.KeyId) is { } region ? ForwarderTarget.Of(region)
            : section.Fail<ForwarderTarget>("target", "is missing, and kms.key_id is no key ARN that would tell the region");
    }

    private static ImmutableArray<uint> Cids(ImmutableArray<EnclaveSettings> enclaves) =>
        [.. enclaves.Select(enclave => EnclaveAddress.TryParse(enclave.Address, out var address) ? address : null).OfType<EnclaveAddress.VsockPort>()
            .Select(port => port.Cid).Where(cid => cid != VsockEndPoint.AnyCid).Distinct()];
}
