using KeyMeld.Cli.Commands;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Scenes;

/// <summary>What the scenes on a development stack have in common.</summary>
internal static class Scene
{
    /// <summary>Fails the scene unless the condition holds.</summary>
    public static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new StackException(otherwise, "gateway");
        }
    }

    /// <summary>Waits until every enclave is ready, and fails with their reasons otherwise.</summary>
    public static async Task<FleetView> ReadyAsync(DevelopmentStack stack, CancellationToken cancellationToken)
    {
        var fleet = await FleetView.WaitUntilReadyAsync(stack.Gateway, stack.Patience, cancellationToken);
        Require(fleet.AllReady, $"Enclaves are not ready: {string.Join(", ", fleet.Reasons.Select(reason => $"{reason.Key} {reason.Value}"))}.");
        return fleet;
    }

    /// <summary>Waits until one enclave is locked for the given reason.</summary>
    public static async Task LockedAsync(DevelopmentStack stack, int enclave, string reason, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(stack.Patience);
        string? last = null;
        while (!limit.IsCancellationRequested)
        {
            var fleet = await FleetView.FetchAsync(stack.Gateway, cancellationToken);
            if ((last = fleet.Reasons.GetValueOrDefault(enclave)) == reason && fleet.States[enclave] == "locked")
            {
                return;
            }
            await Task.Delay(25, cancellationToken);
        }
        Require(false, $"Enclave {enclave} should be locked with {reason}; it says {last ?? "nothing"}.");
    }

    /// <summary>Whether every enclave has the identity key it had before.</summary>
    public static void SameKeys(FleetView before, FleetView after) =>
        Require(before.Keys.OrderBy(key => key.Key).SequenceEqual(after.Keys.OrderBy(key => key.Key)), "An identity key changed.");
}
