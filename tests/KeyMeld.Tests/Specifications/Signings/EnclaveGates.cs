using System.Collections.Concurrent;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Specifications.Signings;

/// <summary>Holds the enclaves' first round of single requests back, until it is let go or refused.</summary>
internal sealed class EnclaveGates
{
    private readonly ConcurrentDictionary<Hash32, TaskCompletionSource> _held = [];

    public void Prepare(FakeEnclave enclave) => enclave.Before = async (_, message) =>
    {
        if (message is UntrustedOpen open && _held.TryGetValue(StatementDigest.Of(StatementType.SigningRequest, open.Request.Statement.Span), out var gate))
        {
            await gate.Task;
        }
    };

    public void Hold(Hash32 request) => _held[request] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release(Hash32 request)
    {
        if (_held.TryRemove(request, out var gate))
        {
            gate.TrySetResult();
        }
    }

    /// <summary>Lets go whatever earlier signings left behind, so that they do not keep their group's turns.</summary>
    public void ReleaseAll()
    {
        foreach (var request in _held.Keys)
        {
            Release(request);
        }
    }

    public void Refuse(Hash32 request) => _held[request].TrySetException(new KeyMeldException(ErrorCodes.ItemsInvalid, "On purpose."));
}
