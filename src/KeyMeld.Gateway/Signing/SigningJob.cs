using System.Collections.Immutable;
using Google.Protobuf;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing;

/// <summary>What the calls of one signing are made of; the same for every attempt.</summary>
internal sealed class SigningJob
{
    private readonly ByteString _roster;
    private readonly ByteString _request;
    private readonly Wire.V1.SignedStatement _statement;
    private readonly ByteString _items;
    private readonly ImmutableArray<Wire.V1.SignedStatement> _approvals;

    public SigningJob(GroupView group, Hash32 request, SigningRequest value, StoredStatement statement, byte[] items, IEnumerable<StoredApproval> approvals)
    {
        Group = group;
        Request = request;
        By = value.By;
        Expires = value.Expires;
        var nodes = Protocol.Signing.Nodes.Of(group.Manifest.Value, value.Signers);
        Nodes = [.. nodes.Where(node => node.Kind == NodeKind.Enclave).Select(node => node.Index)];
        Homes = [.. nodes.Where(node => node.Kind == NodeKind.Home).Select(node => node.Index)];
        _roster = UnsafeByteOperations.UnsafeWrap(value.Roster.ToArray());
        _request = UnsafeByteOperations.UnsafeWrap(request.ToArray());
        _statement = statement.ToWire();
        _items = UnsafeByteOperations.UnsafeWrap(items);
        _approvals = [.. approvals.Select(approval => approval.Statement.ToWire())];
    }

    public GroupView Group { get; }

    /// <summary>D.</summary>
    public Hash32 Request { get; }

    public int? By { get; }

    public long Expires { get; }

    /// <summary>The enclaves that host at least one signer, by their index in the manifest, in node order.</summary>
    public ImmutableArray<int> Nodes { get; }

    /// <summary>The participants who sign at home, in node order after the enclaves.</summary>
    public ImmutableArray<int> Homes { get; }

    /// <summary>How many of each.</summary>
    public RoundNodes Count => new(Nodes.Length, Homes.Length);

    /// <summary>The place of a node that has a part in a signing, among all of them: the enclaves, then the members at home.</summary>
    public static int PlaceOf(Manifest manifest, IReadOnlyList<int> signers, NodeId node) => Protocol.Signing.Nodes.Of(manifest, signers).ToList().IndexOf(node);

    /// <summary>The number of an enclave of the manifest.</summary>
    public uint NumberOf(int enclave) => (uint)Group.Manifest.Value.Enclaves[enclave].Id;

    public UntrustedOpen Open(RoundCall.Open call)
    {
        var open = new UntrustedOpen { Roster = _roster, Request = _statement, Items = _items, Attempt = (uint)call.Attempt };
        open.Approvals.AddRange(_approvals);
        if (call.WithBundle)
        {
            open.Bundle = Group.BundleOf(Nodes[call.Node]);
        }
        return open;
    }

    public UntrustedSign Sign(RoundCall.Sign call, ImmutableArray<RoundBlob> round1)
    {
        var sign = new UntrustedSign { Roster = _roster, Request = _request, Attempt = (uint)call.Attempt, Boot = round1[call.Node].Boot };
        sign.Round1.AddRange(round1);
        return sign;
    }

    /// <param name="enclave">Index of the enclave that combines; any of the manifest.</param>
    public UntrustedCombine Combine(RoundCall.Combine call, int enclave, ImmutableArray<RoundBlob> round1, ImmutableArray<RoundBlob> round2)
    {
        var combine = new UntrustedCombine { Roster = _roster, Request = _statement, Items = _items, Attempt = (uint)call.Attempt };
        combine.Round1.AddRange(round1);
        combine.Round2.AddRange(round2);
        if (call.WithBundle)
        {
            combine.Bundle = Group.BundleOf(enclave);
        }
        return combine;
    }

    public UntrustedForget Forget() => new() { Request = _request };
}
