using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace KeyMeld.Gateway.Http;

/// <summary>What one customer of a network is known by: an IPv4 address, or the first 64 bits of an IPv6 address, for whoever has one of those has all of them.</summary>
internal static class Caller
{
    public static UInt128 Of(HttpContext context) => Of(context.Connection.RemoteIpAddress);

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
