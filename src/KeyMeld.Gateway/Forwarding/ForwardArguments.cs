using System.Collections.Immutable;
using System.Globalization;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Gateway.Forwarding;

/// <summary><c>forward --listen ADDRESS --target HOST:PORT [--cid CID]…</c>: the forwarder as a program of its own.</summary>
internal static class ForwardArguments
{
    public const string Usage = "KeyMeld.Gateway forward --listen vsock:any:PORT --target HOST:443 --cid CID [--cid CID]…";

    /// <summary>The settings, or null and every error.</summary>
    public static ForwarderSettings? Parse(ReadOnlySpan<string> arguments, List<string> errors)
    {
        EnclaveAddress? listen = null;
        ForwarderTarget? target = null;
        var cids = ImmutableArray.CreateBuilder<uint>();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            var taken = arguments[i] switch
            {
                "--listen" => listen is null && EnclaveAddress.TryParse(value, out listen),
                "--target" => target is null && (target = ForwarderTarget.Parse(value)) is not null,
                "--cid" => TryCid(value, cids),
                _ => false,
            };
            if (!taken)
            {
                errors.Add($"{arguments[i]} {value}: is no argument, stands there twice, or has a wrong value");
            }
        }
        if (listen is null || target is null)
        {
            errors.Add("--listen and --target are needed");
        }
        else if (listen is EnclaveAddress.VsockPort && cids.Count == 0)
        {
            errors.Add("--cid is needed: the context id of each enclave that may use the forwarder");
        }
        return errors.Count == 0 ? new ForwarderSettings(listen!, target!, cids.ToImmutable()) : null;
    }

    private static bool TryCid(string text, ImmutableArray<uint>.Builder cids)
    {
        var good = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var cid) && cid != uint.MaxValue;
        if (good)
        {
            cids.Add(cid);
        }
        return good;
    }
}
