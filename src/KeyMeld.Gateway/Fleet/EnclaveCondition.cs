using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>What an enclave is good for now, as far as this gateway knows.</summary>
internal abstract record EnclaveCondition
{
    private EnclaveCondition()
    {
    }

    /// <summary>It does not answer, or nobody asked it yet.</summary>
    public sealed record Unreachable : EnclaveCondition
    {
        public override string Word => "unreachable";

        public override string Reason => ErrorCodes.EnclaveUnreachable;
    }

    /// <summary>It answers and cannot work: it has no key open, or its measured configuration is not what the operator wrote here.</summary>
    public sealed record Locked(string Code, string Detail, string? AwsCode) : EnclaveCondition
    {
        public override string Word => "locked";

        public override string Reason => Code;
    }

    public sealed record Ready : EnclaveCondition
    {
        public override string Word => "ready";

        public override string? Reason => null;
    }

    /// <summary>As GET /enclaves shows it.</summary>
    public abstract string Word { get; }

    public abstract string? Reason { get; }
}

/// <summary>One enclave at one moment; never changed, only replaced.</summary>
/// <param name="Status">What it said last, null as long as it never answered.</param>
internal sealed record EnclaveView(uint Id, EnclaveCondition Condition, EnclaveStatus? Status)
{
    public bool IsReady => Condition is EnclaveCondition.Ready;
}
