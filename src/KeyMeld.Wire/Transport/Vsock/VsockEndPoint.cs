// struct sockaddr_vm of vsock(7): family 40 at 0, port at 4, context id at 8, 16 bytes, host byte order (x86-64 and arm64 are little-endian).
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace KeyMeld.Wire.Transport.Vsock;

/// <summary>A vsock address as the managed <see cref="Socket"/> takes it.</summary>
/// <param name="cid">Context id.</param>
/// <param name="port">Port.</param>
public sealed class VsockEndPoint(uint cid, uint port) : EndPoint
{
    /// <summary>VMADDR_CID_ANY: every context id this machine has.</summary>
    public const uint AnyCid = uint.MaxValue;

    /// <summary>VMADDR_CID_LOCAL: the machine itself, with the kernel's vsock_loopback.</summary>
    public const uint LocalCid = 1;

    /// <summary>The parent instance, seen from a Nitro enclave (AWS Nitro Enclaves User Guide, "Nitro Enclaves concepts").</summary>
    public const uint ParentCid = 3;

    internal const int Family = 40;
    internal const int AddressBytes = 16;

    /// <summary>Context id.</summary>
    public uint Cid => cid;

    /// <summary>Port.</summary>
    public uint Port => port;

    // .NET knows no family 40: with any other answer than this Bind and ConnectAsync throw.
    /// <inheritdoc/>
    public override AddressFamily AddressFamily => AddressFamily.Unknown;

    /// <inheritdoc/>
    public override SocketAddress Serialize()
    {
        var address = new SocketAddress(AddressFamily.Unix, AddressBytes);
        var bytes = address.Buffer.Span[..AddressBytes];
        bytes.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, Family);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], port);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], cid);
        return address;
    }

    /// <inheritdoc/>
    public override EndPoint Create(SocketAddress socketAddress)
    {
        ArgumentNullException.ThrowIfNull(socketAddress);
        var bytes = socketAddress.Buffer.Span;
        if (bytes.Length < AddressBytes || BinaryPrimitives.ReadUInt16LittleEndian(bytes) != Family)
        {
            throw new ArgumentException("This is no vsock address.", nameof(socketAddress));
        }
        return new VsockEndPoint(BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"vsock:{cid}:{port}");

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is VsockEndPoint other && other.Cid == cid && other.Port == port;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(cid, port);
}
