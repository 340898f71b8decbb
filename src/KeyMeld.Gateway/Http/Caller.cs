using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using KeyMeld.Gateway.Operators;

namespace KeyMeld.Gateway.Http;

/// <summary>What one customer of a network is known by: an IPv4 address, or the first 64 bits of an IPv6 address, for whoever has one of those has all of them.</summary>
internal static class Caller
{
    /// <remarks>On the operator's listener an address is another caller than on the clients': behind a proxy on this machine operators would else share what all clients have.</remarks>
    public static UInt128 Of(HttpContext context)
    {
        var caller = Of(context.Connection.RemoteIpAddress);
        return OperatorConnection.Is(context) ? ~caller : caller;
    }

    /// <param name="address">Null (a unix socket) is one caller of its own.</param>
    public static UInt128 Of(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        var plain = address ?? IPAddress.None;
        plain.MapToIPv6().TryWriteBytes(bytes, out _);
        var number = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return plain.IsIPv4MappedToIPv6 || plain.AddressFamily == AddressFamily.InterNetwork ? number : number >> 64 << 64;
    }
}
