/** The few line drawings of the page. All are decoration: the words beside them, or a label, say the same. */
import type { ReactNode } from "react";

function Icon({ children, width = 1.6 }: { children: ReactNode; width?: number }) {
  return (
    <svg
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={width}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const BrandIcon = () => (
  <Icon width={1.9}>
    <path d="M3 9.5 10 3l7 6.5" />
    <path d="M5 12h7M8 15.5h7" />
  </Icon>
);
export const TracesIcon = () => (
  <Icon>
    <path d="M3 5h9M6 10h9M9 15h8" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.4" />
    <path d="M10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M4.7 15.3l1.1-1.1M14.2 5.8l1.1-1.1" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M16.5 11.6A6.8 6.8 0 0 1 8.4 3.5a6.8 6.8 0 1 0 8.1 8.1Z" />
  </Icon>
);
export const HelpIcon = () => (
  <Icon>
    <rect x="2.5" y="5" width="15" height="10" rx="2" />
    <path d="M5.6 8.2h.01M8.5 8.2h.01M11.5 8.2h.01M14.4 8.2h.01M7 11.8h6" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <rect x="7" y="7" width="9.5" height="9.5" rx="2" />
    <path d="M13 7V5.5a2 2 0 0 0-2-2H5.500a2 2 0 0 0-2 2V11a2 2 0 0 0 2 2H7" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon width={2}>
    <path d="m4.5 10.5 3.5 3.5 7.5-8" />
  </Icon>
);
export const ChevronIcon = () => (
  <Icon width={2}>
    <path d="m7.5 5 5 5-5 5" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="9" cy="9" r="5" />
    <path d="m13 13 4 4" />
  </Icon>
);
export const ClockIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="6.5" />
    <path d="M10 6.500V10l2.5 1.8" />
  </Icon>
);
export const ToolIcon = () => (
  <Icon width={2.4}>
    <path d="M12.2 3.300a4.5 4.5 0 0 0-4.9 6.200L3 13.8 6.2 17l4.3-4.300a4.5 4.5 0 0 0 6.2-4.900l-2.6 2.6-2.9-.6-.6-2.900z" />
  </Icon>
);
export const SparkIcon = () => (
  <svg viewBox="0 0 20 20" fill="currentColor" aria-hidden="true">
    <path d="M10 1.5 12.2 7.8 18.5 10 12.2 12.2 10 18.5 7.8 12.2 1.5 10 7.8 7.800z" />
  </svg>
);
export const LensIcon = () => (
  <Icon width={2.6}>
    <circle cx="8.5" cy="8.5" r="5" />
    <path d="m12.5 12.5 5 5" />
  </Icon>
);
export const ShieldIcon = () => (
  <Icon width={2.2}>
    <path d="M10 2.5 16 5v4.500c0 4-2.6 6.6-6 8-3.4-1.4-6-4-6-8V5z" />
  </Icon>
);
export const LinkIcon = () => (
  <Icon width={2.4}>
    <path d="M8.5 11.5 11.5 8.500M7 9 4.8 11.200a3 3 0 0 0 4 4L11 13M13 11l2.2-2.200a3 3 0 0 0-4-4L9 7" />
  </Icon>
);
