using System.Collections.Immutable;
using System.Net;

namespace KeyMeld.Gateway.Configuration;

/// <summary>Lists of networks in CIDR notation (RFC 4632, RFC 4291).</summary>
internal static class Networks
{
    /// <summary>Every network of a setting; a single address is one of its own.</summary>
    public static ImmutableArray<IPNetwork> Read(SettingsSection section, string name)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var text in section.Texts(name))
        {
            if (IPNetwork.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(text, out var address))
            {
                networks.Add(new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128));
            }
            else
            {
                section.Fail<object>(name, $"are networks such as 10.1.0.0/16 or fd00::/8, or single addresses, not '{text}'");
            }
        }
        return networks.ToImmutable();
    }

    /// <summary>Whether an address is of one of them; an IPv4 address that came mapped into IPv6 counts as what it is.</summary>
    public static bool Have(ImmutableArray<IPNetwork> networks, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in networks)
        {
            if (network.Contains(plain))
            {
                return true;
            }
        }
        return false;
    }
}
